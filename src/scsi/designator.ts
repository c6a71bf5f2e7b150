import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes/byte-writer.ts';
import { Association, CodeSet, DesignatorHeader, DesignatorType } from './standard/vpd.ts';

/** A designator of VPD 83h, also a parameter of third-party copies. */
export interface Designator {
  readonly type: DesignatorType;
  readonly codeSet: CodeSet;
  readonly association: Association;
  readonly value: Uint8Array;
}

/** Bound on a designator: its length is one byte, and a SCSI name string is padded to fours. */
export const DESIGNATOR_LENGTH_MAX = 252;

/** The kind of object that a SCSI name string names. */
type Named = keyof typeof Association;

/** A SCSI name string: UTF-8, ended by a NUL, padded with NULs to a multiple of four (SPC). */
export function scsiNameString(named: Named, name: string): Designator {
  const text = new TextEncoder().encode(name).subarray(0, DESIGNATOR_LENGTH_MAX - 1);
  return {
    type: DesignatorType.scsiNameString,
    codeSet: CodeSet.utf8,
    association: Association[named],
    value: new ByteWriter().bytes(text).u8(0).align(4).finish(),
  };
}

/**
 * Designation descriptors, one behind the other. The PROTOCOL IDENTIFIER is valid (PIV) only in
 * those of a port or a device.
 */
export function encodeDesignators(
  designators: readonly Designator[],
  protocolIdentifier: number,
): Uint8Array {
  const writer = new ByteWriter();
  for (const { type, codeSet, association, value } of designators) {
    assert(value.length > 0, 'a designator names something');
    assert(value.length <= DESIGNATOR_LENGTH_MAX, 'the length of a designator is one byte');
    const header = new Uint8Array(DesignatorHeader.$.length);
    DesignatorHeader.codeSet.set(header, codeSet);
    DesignatorHeader.association.set(header, association);
    DesignatorHeader.designatorType.set(header, type);
    DesignatorHeader.designatorLength.set(header, value.length);
    if (association !== Association.logicalUnit) {
      DesignatorHeader.piv.set(header, 1);
      DesignatorHeader.protocolIdentifier.set(header, protocolIdentifier);
    }
    writer.bytes(header).bytes(value);
  }
  return writer.finish();
}
