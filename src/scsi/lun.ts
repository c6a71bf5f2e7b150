import { assert } from '../base/assert.ts';

/**
 * LUN fields of one level (SAM-5): peripheral device, flat space and extended flat space
 * addressing.
 *
 * Initiators put a number from 256 up on the wire in different forms: Linux's manual scan, QEMU and
 * libiscsi write LUN 300 as 012Ch, which is peripheral device addressing of another bus; others
 * use flat space addressing (412Ch). There is one bus here, so all forms of a number name one unit.
 * The extended form (D2h) is the one that FreeBSD sends and sg3_utils decodes.
 */

const PERIPHERAL_DEVICE = 0b00;
const FLAT_SPACE = 0b01;
const PERIPHERAL_LUN_MAX = 255;
/** Flat space addressing has 14 bits. */
export const FLAT_LUN_MAX = (1 << 14) - 1;
/** Extended logical unit addressing, LENGTH 01b (three bytes), EXTENDED ADDRESS METHOD 2h. */
const EXTENDED_FLAT_SPACE = 0xd2;

/** The number in an 8-byte LUN field; -1: an address method or level that names no unit here. */
export function decodeLun(field: Uint8Array): number {
  const first = field[0]!;
  if (first === EXTENDED_FLAT_SPACE) {
    return isZeroFrom(field, 4) ? (field[1]! << 16) | (field[2]! << 8) | field[3]! : -1;
  }
  const method = first >> 6;
  if (method !== PERIPHERAL_DEVICE && method !== FLAT_SPACE) return -1;
  return isZeroFrom(field, 2) ? ((first & 0x3f) << 8) | field[1]! : -1;
}

/** The 8-byte LUN field of a number, as REPORT LUNS gives it. */
export function encodeLun(lun: number): Uint8Array {
  assert(Number.isInteger(lun) && lun >= 0 && lun <= FLAT_LUN_MAX, 'a LUN has an 8-byte field');
  const field = new Uint8Array(8);
  if (lun > PERIPHERAL_LUN_MAX) field[0] = (FLAT_SPACE << 6) | (lun >> 8);
  field[1] = lun & 0xff;
  return field;
}

function isZeroFrom(field: Uint8Array, from: number): boolean {
  for (let i = from; i < 8; i++) {
    if (field[i] !== 0) return false;
  }
  return true;
}
