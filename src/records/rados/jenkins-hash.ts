const GOLDEN_RATIO = 0x9e3779b9;
const BLOCK_LENGTH = 12;

/**
 * Bob Jenkins' hash of 1996 (public domain, "evahash"), by which Ceph places objects: the low
 * bits of an object's hash are its placement group. 32 bits, unsigned.
 */
export function jenkinsHash(bytes: Uint8Array): number {
  const state = { a: GOLDEN_RATIO, b: GOLDEN_RATIO, c: 0 };
  let at = 0;
  for (; bytes.length - at >= BLOCK_LENGTH; at += BLOCK_LENGTH) {
    state.a += littleEndian(bytes, at, 4);
    state.b += littleEndian(bytes, at + 4, 4);
    state.c += littleEndian(bytes, at + 8, 4);
    mix(state);
  }
  state.a += littleEndian(bytes, at, 4);
  state.b += littleEndian(bytes, at + 4, 4);
  // The lowest byte of the last word is the length's.
  state.c += bytes.length + littleEndian(bytes, at + 8, 3) * 0x100;
  mix(state);
  return state.c;
}

/** Bytes past the end read as zeros. */
function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 0x100 + (bytes[at + i] ?? 0);
  return value;
}

function mix(state: { a: number; b: number; c: number }): void {
  let { a, b, c } = state;
  for (const [x, y, z] of [
    [13, 8, 13],
    [12, 16, 5],
    [3, 10, 15],
  ] as const) {
    a = (a - b - c) ^ ((c >>> 0) >>> x);
    b = (b - c - a) ^ (a << y);
    c = (c - a - b) ^ ((b >>> 0) >>> z);
  }
  state.a = a >>> 0;
  state.b = b >>> 0;
  state.c = c >>> 0;
}
