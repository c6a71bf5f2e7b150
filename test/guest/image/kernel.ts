import { readFileSync, writeFileSync } from 'node:fs';
import { mustRun } from '../../support/run.ts';

/** Offsets in the setup header of a bzImage (Linux, Documentation/x86/boot.rst). */
const SETUP_SECTORS_OFFSET = 0x1f1;
const PAYLOAD_OFFSET_OFFSET = 0x248;
const PAYLOAD_LENGTH_OFFSET = 0x24c;
const SECTOR_BYTES = 512;
/** The payload ends with its length when it is unpacked. */
const TRAILER_BYTES = 4;

/** Unpacks the kernel that is in a bzImage, because the guest would need half of its boot to. */
export async function unpackKernel(bzImage: string, kernel: string): Promise<void> {
  const image = readFileSync(bzImage);
  const protectedMode = (image.readUInt8(SETUP_SECTORS_OFFSET) + 1) * SECTOR_BYTES;
  const start = protectedMode + image.readUInt32LE(PAYLOAD_OFFSET_OFFSET);
  const end = start + image.readUInt32LE(PAYLOAD_LENGTH_OFFSET) - TRAILER_BYTES;
  writeFileSync(`${kernel}.xz`, image.subarray(start, end));
  await mustRun('xz', ['--decompress', `${kernel}.xz`]);
}
