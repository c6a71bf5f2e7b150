/** Bytes in all buffers of a scatter or gather list. */
export function lengthOf(list: readonly Uint8Array[]): number {
  if (list.length === 1) return list[0]!.length;
  let length = 0;
  for (const part of list) length += part.length;
  return length;
}

/** The rest of a list after the first `count` bytes; empty parts are left out. */
export function after(list: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = count;
  for (const part of list) {
    if (skip >= part.length) skip -= part.length;
    else {
      rest.push(skip === 0 ? part : part.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** `length` bytes of `pattern` over and over; both are whole multiples. */
export function repeated(pattern: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += pattern.length) bytes.set(pattern, at);
  return bytes;
}

/** Cuts `[offset, offset + length)` at multiples of `step`, calling `each` with every piece. */
export function pieces(
  offset: number,
  length: number,
  step: number,
  each: (offset: number, length: number) => void,
): void {
  const end = offset + length;
  for (let at = offset; at < end; ) {
    const next = Math.min(end, (Math.floor(at / step) + 1) * step);
    each(at, next - at);
    at = next;
  }
}
