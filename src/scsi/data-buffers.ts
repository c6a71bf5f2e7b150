import { assert } from '../base/assert.ts';

/** Gather and scatter lists: views of the same bytes, never copies. */

/** Sum of the lengths. */
export function totalLength(list: readonly Uint8Array[]): number {
  let total = 0;
  for (const part of list) total += part.length;
  return total;
}

/** Bytes `start` up to `end` of what the list holds; the list itself when that is all of it. */
export function slice(
  list: readonly Uint8Array[],
  start: number,
  end: number,
): readonly Uint8Array[] {
  assert(start >= 0 && start <= end, 'a slice begins before it ends');
  if (start === 0 && end === totalLength(list)) return list;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const part of list) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, part.length);
    if (from < to) parts.push(part.subarray(from, to));
    at += part.length;
  }
  return parts;
}

/** The bytes as one array: the list's only part, or a copy. For parameter lists and patterns. */
export function contiguous(list: readonly Uint8Array[]): Uint8Array {
  const only = list.length === 1 ? list[0] : undefined;
  if (only !== undefined) return only;
  const joined = new Uint8Array(totalLength(list));
  let at = 0;
  for (const part of list) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Copies `source` into the list until either ends; returns how many bytes. */
export function fill(list: readonly Uint8Array[], source: Uint8Array): number {
  let at = 0;
  for (const part of list) {
    const length = Math.min(part.length, source.length - at);
    part.set(source.subarray(at, at + length));
    at += length;
  }
  return at;
}
