const POLYNOMIAL_REFLECTED = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ POLYNOMIAL_REFLECTED : value >>> 1;
  }
  return value;
});

/** CRC32C (Castagnoli) of the parts joined, as four bytes in the order of an iSCSI digest. */
export function crc32c(...parts: readonly Uint8Array[]): Buffer {
  let crc = 0xffffffff;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) crc = table[(crc ^ part[i]!) & 0xff]! ^ (crc >>> 8);
  }
  const digest = Buffer.alloc(4);
  digest.writeUInt32LE(~crc >>> 0);
  return digest;
}
