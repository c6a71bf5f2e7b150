/**
 * LUN fields of SAM-5: single level, peripheral device addressing (bus identifier 0) and flat
 * space addressing.
 */

const PERIPHERAL_DEVICE = 0b00;
const FLAT_SPACE = 0b01;
const PERIPHERAL_LUN_MAX = 255;

/** The flat number of an 8-byte LUN field; -1 for address methods that nothing here answers to. */
export function decodeLun(field: Uint8Array): number {
  for (let i = 2; i < 8; i++) {
    if (field[i] !== 0) return -1;
  }
  const first = field[0] ?? 0;
  const second = field[1] ?? 0;
  const method = first >> 6;
  const low = first & 0x3f;
  if (method === PERIPHERAL_DEVICE) return low === 0 ? second : -1;
  return method === FLAT_SPACE ? (low << 8) | second : -1;
}

/** The 8-byte LUN field of a flat number, as REPORT LUNS gives it. */
export function encodeLun(lun: number): Uint8Array {
  const field = new Uint8Array(8);
  if (lun > PERIPHERAL_LUN_MAX) field[0] = (FLAT_SPACE << 6) | (lun >> 8);
  field[1] = lun & 0xff;
  return field;
}
