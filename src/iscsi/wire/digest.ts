import { crc32c } from '@node-rs/crc32';

import { DIGEST_LENGTH } from '../standard/bhs.ts';

/**
 * CRC32C over chunks that follow each other, padding included (RFC 7143, HeaderDigest and
 * DataDigest). Pass the result of an earlier call as `state` to go on from there.
 */
export function digestOf(chunks: readonly Uint8Array[], state = 0): number {
  let crc = state;
  for (const chunk of chunks) crc = crc32c(chunk, crc);
  return crc >>> 0;
}

/** Writes the digest of the chunks as it goes over the wire: least significant byte first. */
export function writeDigest(chunks: readonly Uint8Array[], bytes: Uint8Array, at = 0): void {
  const digest = digestOf(chunks);
  for (let i = 0; i < DIGEST_LENGTH; i++) bytes[at + i] = digest >>> (8 * i);
}

/** Whether the digest that stands at `at` is that of the chunks. */
export function digestMatches(
  chunks: readonly Uint8Array[],
  bytes: Uint8Array,
  at: number,
): boolean {
  const stated =
    bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return digestOf(chunks) === stated >>> 0;
}
