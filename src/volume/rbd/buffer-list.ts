import { lengthOf } from '../scatter.ts';

/** All bytes of a list in one buffer: the list's own when it is one already. */
export function joined(list: readonly Uint8Array[]): Uint8Array {
  if (list.length === 1) return list[0]!;
  const whole = new Uint8Array(lengthOf(list));
  let at = 0;
  for (const part of list) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Spreads `bytes` over a list that is as long. */
export function spread(bytes: Uint8Array, list: readonly Uint8Array[]): void {
  let at = 0;
  for (const part of list) {
    part.set(bytes.subarray(at, at + part.length));
    at += part.length;
  }
}
