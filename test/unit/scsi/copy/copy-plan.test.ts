// Proves what a copy is checked for before its first byte moves, and where a refusal points.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEGMENT_BYTES_MAX } from '../../../../src/scsi/copy/copy-limits.ts';
import { type CopyList, parseCopyList } from '../../../../src/scsi/copy/copy-list.ts';
import { planCopy } from '../../../../src/scsi/copy/copy-plan.ts';
import type { LogicalUnit } from '../../../../src/scsi/logical-unit.ts';
import { copyList, type TestCopyList } from '../../../support/copy-lists.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

/** The first of one segment's descriptor, behind two CSCD descriptors. */
const SEGMENT = 16 + 2 * 32;

async function units(blocks = 2048): Promise<readonly [LogicalUnit, LogicalUnit]> {
  const bench = await ScsiBench.open();
  const other = await bench.openUnit(16, { blockLengthBytes: 4096, blocks });
  return [bench.logicalUnit, other.logicalUnit];
}

function plan(reached: readonly LogicalUnit[], list: Omit<TestCopyList, 'units'>) {
  const named = reached.map(({ identity }) => identity.naa);
  const parsed = parseCopyList(copyList({ units: named, ...list }));
  return planCopy(parsed as CopyList, { thisUnit: reached[0]!, units: reached });
}

function refusal(result: ReturnType<typeof plan>): string {
  assert.ok('status' in result);
  const { code, fieldPointer, commandSpecific } = result.sense!;
  return `${code.toString(16)} segment ${commandSpecific} byte ${fieldPointer?.byte}`;
}

test('blocks are those of the source, or of the destination', async () => {
  const reached = await units();
  const [small, large] = reached;
  const planned = plan(reached, {
    segments: [{ source: 0, destination: 1, sourceLba: 16, destinationLba: 3, blocks: 8 }],
  });
  assert.deepEqual(planned, [
    {
      source: small,
      destination: large,
      sourceOffset: 8192,
      destinationOffset: 12288,
      length: 4096,
    },
  ]);
});

test('a refusal names the segment, and the byte of the list', async () => {
  const reached = await units();
  const one = { source: 0, destination: 0, blocks: 1 };
  const refused = (segment: object, list = {}) =>
    refusal(plan(reached, { segments: [one, { ...one, ...segment }], ...list }));
  const at = SEGMENT + 28;
  assert.equal(refused({ source: 2 }), `804 segment 1 byte ${at + 4}`);
  assert.equal(refused({ destination: 0xfffe }), `804 segment 1 byte ${at + 6}`);
  assert.equal(refused({ sourceLba: 2048 }), `0 segment 1 byte ${at + 12}`);
  assert.equal(refused({ destinationLba: 2 ** 53 }), `0 segment 1 byte ${at + 20}`);
  assert.equal(refused({ destination: 1 }), `260a segment 1 byte ${at}`);
  assert.equal(refused({ bytes: 100 }), `260a segment 1 byte ${at}`);
  assert.equal(refused({ bytes: 512, sourceByteOffset: 1 }), `260a segment 1 byte ${at}`);
  assert.equal(refused({ bytes: SEGMENT_BYTES_MAX + 512 }), `0 segment 1 byte ${at + 8}`);
  const lie = refusal(plan(reached, { segments: [one], blockLengthBytes: 4096 }));
  assert.equal(lie, `260a segment 0 byte ${SEGMENT}`);
});

test('a list that names no unit makes no designators of the units again', async () => {
  const reached = await units();
  const { naa } = reached[0].identity;
  let reads = 0;
  const identity = {
    ...reached[0].identity,
    get naa() {
      reads++;
      return naa;
    },
  };
  const counted = [{ identity, blocks: 8, blockLengthBytes: 512 } as LogicalUnit];
  const unknown = copyList({
    units: Array.from({ length: 16 }, (_, i) => new Uint8Array(16).fill(i)),
    segments: [{ source: 3, destination: 0, blocks: 1 }],
  });
  const list = parseCopyList(unknown) as CopyList;
  for (let time = 0; time < 3; time++) {
    assert.ok('status' in planCopy(list, { thisUnit: reached[0], units: counted }));
  }
  assert.ok(reads <= 2, `${reads} reads`);
});
