import { ByteWriter } from '../base/bytes/byte-writer.ts';
import type { TargetPort } from './nexus.ts';
import { ProtocolIdentifier } from './standard/spc.ts';
import { Association, CodeSet, DesignatorHeader, DesignatorType } from './standard/vpd.ts';
import type { LogicalUnitIdentity } from './unit-state.ts';

/** A designator of VPD 83h, also a parameter of third-party copies. */
export interface Designator {
  readonly type: DesignatorType;
  readonly codeSet: CodeSet;
  readonly association: Association;
  readonly value: Uint8Array;
}

/** Bound on a designator: its length is one byte, and a SCSI name string is padded to fours. */
export const DESIGNATOR_LENGTH_MAX = 252;

/** What names the logical unit: the same through every path (I6). */
export function logicalUnitDesignators(identity: LogicalUnitIdentity): readonly Designator[] {
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
    {
      type: DesignatorType.scsiNameString,
      codeSet: CodeSet.utf8,
      association,
      value: scsiNameString(naaName(identity.naa)),
    },
  ];
}

/** What names the target port that the command came through, its group and its device. */
export function targetDesignators(port: TargetPort): readonly Designator[] {
  return [
    {
      type: DesignatorType.relativeTargetPort,
      codeSet: CodeSet.binary,
      association: Association.targetPort,
      value: new ByteWriter().zeros(2).u16(port.relativePortIdentifier).finish(),
    },
    {
      type: DesignatorType.targetPortGroup,
      codeSet: CodeSet.binary,
      association: Association.targetPort,
      value: new ByteWriter().zeros(2).u16(port.portGroup).finish(),
    },
    {
      type: DesignatorType.scsiNameString,
      codeSet: CodeSet.utf8,
      association: Association.targetPort,
      value: scsiNameString(port.name),
    },
    {
      type: DesignatorType.scsiNameString,
      codeSet: CodeSet.utf8,
      association: Association.targetDevice,
      value: scsiNameString(port.deviceName),
    },
  ];
}

/** Designation descriptors, one behind the other. */
export function encodeDesignators(designators: readonly Designator[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { type, codeSet, association, value } of designators) {
    const header = new Uint8Array(DesignatorHeader.$.length);
    DesignatorHeader.codeSet.set(header, codeSet);
    DesignatorHeader.association.set(header, association);
    DesignatorHeader.designatorType.set(header, type);
    DesignatorHeader.designatorLength.set(header, value.length);
    // PROTOCOL IDENTIFIER is valid (PIV) for what names a port or a device only.
    if (association !== Association.logicalUnit) {
      DesignatorHeader.piv.set(header, 1);
      DesignatorHeader.protocolIdentifier.set(header, ProtocolIdentifier.iscsi);
    }
    writer.bytes(header).bytes(value);
  }
  return writer.finish();
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

/** UTF-8, ended by a NUL, padded with NULs to a multiple of four (SPC, SCSI name string). */
function scsiNameString(name: string): Uint8Array {
  const text = new TextEncoder().encode(name).subarray(0, DESIGNATOR_LENGTH_MAX - 1);
  return new ByteWriter().bytes(text).u8(0).align(4).finish();
}
