import assert from 'node:assert/strict';
import type { Demo } from '../support/demo.ts';
import { BACKGROUND_BYTE, backgroundWrites, KIB, MIB, qemuIo } from './qemu-io.ts';

/** What a demo needs for `exchangePatterns`. */
export const PATTERNS_SIZE_MIB = 128;

const sizeBytes = PATTERNS_SIZE_MIB * MIB;

interface Extent {
  readonly byte: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Writes patterns of 4 KiB to 16 MiB, unaligned ones and one at the end of the disk, with qemu-io
 * through each gateway in turn, and reads them and all between them through the next. Rejects when
 * a byte differs.
 */
export async function exchangePatterns(demo: Demo, blocks: 512 | 4096): Promise<void> {
  const extents = layOut();
  const writes = extents.map(({ byte, offset, length }) => `write -P ${byte} ${offset} ${length}`);
  // QEMU 7.2 asks for the status of 2 GiB - 512 bytes before it reads an area that it knows
  // nothing of, and then fails its own assertion that this is whole blocks; `map` lets it know.
  const map = blocks > 512 ? ['map'] : [];
  for (let writer = 0; writer < demo.gateways; writer += 1) {
    const reader = (writer + 1) % demo.gateways;
    await qemuIo(demo.url(writer), backgroundWrites(sizeBytes));
    await qemuIo(demo.url(writer), writes);
    await qemuIo(demo.url(reader), [...map, ...verifications(extents)]);
  }
}

/** Extents of every length and alignment, apart from each other, the last at the disk's end. */
function layOut(): readonly Extent[] {
  const extents: Extent[] = [];
  const gap = 8 * KIB;
  let position = gap;
  const lengths = [4 * KIB, 12 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB];
  for (const length of lengths) {
    for (const [shift, extra] of [
      [0, 0],
      [512, 0],
      [3584, 512],
    ] as const) {
      const offset = position + shift;
      extents.push({ byte: 1 + extents.length, offset, length: length + extra });
      position = Math.ceil((offset + length + extra) / gap) * gap + gap;
    }
  }
  const tail = 68 * KIB + 512;
  extents.push({ byte: 0xee, offset: sizeBytes - tail, length: tail });
  assert.ok(position < sizeBytes - tail, 'the disk is too small for the extents');
  return extents;
}

/** Reads of the extents, and of the untouched bytes between them. */
function verifications(extents: readonly Extent[]): readonly string[] {
  const reads: string[] = [];
  let position = 0;
  for (const { byte, offset, length } of extents) {
    reads.push(`read -P ${BACKGROUND_BYTE} ${position} ${offset - position}`);
    reads.push(`read -P ${byte} ${offset} ${length}`);
    position = offset + length;
  }
  assert.equal(position, sizeBytes);
  return reads;
}
