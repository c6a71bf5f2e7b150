// Proves which bytes a WRITE USING TOKEN takes from where: as if the ranges of the token were one
// row of bytes, and those of the write another.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockRun } from '../../../../src/scsi/block-range.ts';
import type { PlannedSegment } from '../../../../src/scsi/copy/copy-plan.ts';
import { totalBlocks } from '../../../../src/scsi/copy/token-lists.ts';
import { planTokenWrite } from '../../../../src/scsi/copy/token-plan.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const bench = await ScsiBench.open();
const source = bench.logicalUnit;
const { logicalUnit: destination } = await bench.openUnit(16);
const { logicalUnit: large } = await bench.openUnit(17, { blocks: 64, blockLengthBytes: 4096 });
const units = [destination, source, large];

function plan(
  from: readonly BlockRun[],
  to: readonly BlockRun[],
  offsetBlocks = 0,
  ends = { source, destination },
) {
  const bytes = totalBlocks(from) * ends.source.blockLengthBytes;
  return planTokenWrite({
    content: { uuid: ends.source.identity.uuid, ranges: from, bytes, expiresMs: 0 },
    write: { token: new Uint8Array(512), offsetBlocks, ranges: to },
    destination: ends.destination,
    units,
  });
}

function codeOf(result: ReturnType<typeof plan>): string {
  return 'status' in result ? result.sense!.code.toString(16) : 'planned';
}

/** Ranges that do not overlap, in any order. */
const runs = fc
  .array(fc.record({ gap: fc.nat(5), blocks: fc.nat(9) }), { minLength: 1, maxLength: 6 })
  .chain((parts) => {
    let lba = 0;
    const ranges = parts.map(({ gap, blocks }) => {
      lba += gap + blocks;
      return { lba: lba - blocks, blocks };
    });
    return fc.shuffledSubarray(ranges, { minLength: ranges.length });
  });

const blocksOf = (ranges: readonly BlockRun[]) =>
  ranges.flatMap(({ lba, blocks }) => Array.from({ length: blocks }, (_, i) => lba + i));

test('each block comes from where the token has it', () => {
  fc.assert(
    fc.property(runs, runs, fc.nat(20), (from, to, offset) => {
      const planned = plan(from, to, offset);
      const [sources, targets] = [blocksOf(from).slice(offset), blocksOf(to)];
      if (offset + targets.length > totalBlocks(from)) {
        assert.equal(codeOf(planned), '2600');
        return;
      }
      const pairs = (planned as PlannedSegment[]).flatMap((segment) =>
        Array.from({ length: segment.length / 512 }, (_, i) => [
          segment.destinationOffset / 512 + i,
          segment.sourceOffset / 512 + i,
        ]),
      );
      assert.deepEqual(
        pairs,
        targets.map((block, i) => [block, sources[i]]),
      );
    }),
  );
});

test('ranges that continue each other at both ends are one segment', () => {
  const halves = [
    { lba: 0, blocks: 4 },
    { lba: 4, blocks: 4 },
  ];
  assert.equal((plan(halves, [{ lba: 10, blocks: 8 }]) as PlannedSegment[]).length, 1);
  assert.equal((plan(halves.toReversed(), [{ lba: 10, blocks: 8 }]) as object[]).length, 2);
});

test('a token of a disk that the nexus does not reach is unknown', () => {
  const content = { uuid: 'another', ranges: [{ lba: 0, blocks: 1 }], bytes: 512, expiresMs: 0 };
  const write = { token: new Uint8Array(512), offsetBlocks: 0, ranges: [] };
  assert.equal(codeOf(planTokenWrite({ content, write, destination, units })), '2304');
});

test('a token of a disk that has shrunk is revoked', () => {
  assert.equal(codeOf(plan([{ lba: 2047, blocks: 2 }], [])), '2306');
});

test('a write that would read what it has written is refused', () => {
  const ends = { source, destination: source };
  const swapped = [
    { lba: 8, blocks: 8 },
    { lba: 0, blocks: 8 },
  ];
  assert.equal(codeOf(plan(swapped, [{ lba: 0, blocks: 16 }], 0, ends)), '2600');
  assert.equal(codeOf(plan(swapped, [{ lba: 100, blocks: 16 }], 0, ends)), 'planned');
  // One segment is copied in the direction that keeps its bytes.
  assert.equal(codeOf(plan([{ lba: 0, blocks: 8 }], [{ lba: 4, blocks: 8 }], 0, ends)), 'planned');
});

test('blocks of different lengths are copied where whole ones meet', () => {
  const ends = { source, destination: large };
  const [planned] = plan([{ lba: 3, blocks: 16 }], [{ lba: 1, blocks: 1 }], 1, ends) as object[];
  assert.deepEqual(planned, {
    ...ends,
    ...{ sourceOffset: 11 * 512, destinationOffset: 4096, length: 4096 },
  });
  const back = { source: large, destination: source };
  assert.equal(codeOf(plan([{ lba: 0, blocks: 1 }], [{ lba: 0, blocks: 4 }], 0, back)), '2600');
});
