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

/** Writes a digest as it goes over the wire: least significant byte first. */
export function putDigest(bytes: Uint8Array, digest: number, at = 0): void {
  for (let i = 0; i < DIGEST_LENGTH; i++) bytes[at + i] = digest >>> (8 * i);
}

export function getDigest(bytes: Uint8Array, at = 0): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}
