import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes/byte-writer.ts';
import { DESIGNATOR_LENGTH_MAX, type Designator, scsiNameString } from './designator.ts';
import type { TargetPort } from './nexus-identity.ts';
import { Association, CodeSet, DesignatorType } from './standard/vpd.ts';
import type { LogicalUnitIdentity } from './unit-state.ts';

/** An EXTENDED COPY compares those of all logical units of a LUN map, so they are made once. */
const known = new WeakMap<LogicalUnitIdentity, readonly Designator[]>();

/** The designators of the logical unit: the same through every path (I6). */
export function logicalUnitDesignators(identity: LogicalUnitIdentity): readonly Designator[] {
  const made = known.get(identity) ?? makeLogicalUnitDesignators(identity);
  known.set(identity, made);
  return made;
}

function makeLogicalUnitDesignators(identity: LogicalUnitIdentity): readonly Designator[] {
  const association = Association.logicalUnit;
  return [
    {
      type: DesignatorType.naa,
      codeSet: CodeSet.binary,
      association,
      value: identity.naa,
    },
    {
      type: DesignatorType.t10VendorId,
      codeSet: CodeSet.ascii,
      association,
      value: t10VendorId(identity),
    },
    scsiNameString('logicalUnit', naaName(identity.naa)),
  ];
}

/** The designators of the target port that the command came through, its group and its device. */
export function targetDesignators(port: TargetPort): readonly Designator[] {
  const { relativePortIdentifier, portGroup, designators } = port;
  return [
    portNumber(DesignatorType.relativeTargetPort, relativePortIdentifier),
    portNumber(DesignatorType.targetPortGroup, portGroup),
    ...designators,
  ];
}

function portNumber(type: DesignatorType, number: number): Designator {
  assert(Number.isInteger(number), 'ports and their groups have whole numbers');
  assert(number > 0 && number <= 0xffff, 'the number of a port has two bytes, and is not 0');
  return {
    type,
    codeSet: CodeSet.binary,
    association: Association.targetPort,
    value: new ByteWriter().zeros(2).u16(number).finish(),
  };
}

/** T10 VENDOR IDENTIFICATION, PRODUCT IDENTIFICATION and serial number, as SPC recommends. */
function t10VendorId(identity: LogicalUnitIdentity): Uint8Array {
  const serial = identity.serial.slice(0, DESIGNATOR_LENGTH_MAX - 24);
  return new ByteWriter()
    .ascii(identity.vendor, 8)
    .ascii(identity.product, 16)
    .ascii(serial)
    .finish();
}

function naaName(naa: Uint8Array): string {
  const digits = Array.from(naa, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `naa.${digits.toUpperCase()}`;
}
