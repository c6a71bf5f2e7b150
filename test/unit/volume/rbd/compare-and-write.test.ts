// A compare-and-write is one operation on one object; where a parent backs the object, it asserts
// that the object exists and has it copied up first, for as long as the parent is there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteStep } from '../../../../src/ceph/object-steps.ts';
import {
  type CompareAndWriteImage,
  compareAndWrite,
} from '../../../../src/volume/rbd/compare-and-write.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE } from '../../../../src/volume/volume.ts';

const ENOENT = -2;
const MIB = 2 ** 20;
const zeros = new Uint8Array(512);
const ones = new Uint8Array(512).fill(1);

/** An image that answers with `errnos` in turn, and tells what it was asked. */
function image(errnos: readonly number[], parentOverlapBytes = 0) {
  const asked: string[] = [];
  const left = [...errnos];
  return {
    asked,
    layout: {
      blockNamePrefix: 'p',
      objectSizeBytes: 4 * MIB,
      stripeUnitBytes: 4 * MIB,
      stripeCount: 1,
    },
    parentOverlapBytes,
    async operate(object: string, steps: readonly WriteStep[]) {
      asked.push(`${object.slice(-1)} ${steps.map(({ step }) => step).join('+')}`);
      return { errno: left.shift() ?? assert.fail('asked too often'), version: 1, stepErrnos: [] };
    },
    copyUp: async (): Promise<typeof DONE> => {
      asked.push('copyUp');
      return DONE;
    },
  } satisfies CompareAndWriteImage & { asked: string[] };
}

test('without a parent it is a compare and a write in one operation', async () => {
  const it = image([0]);
  assert.deepEqual(await compareAndWrite(it, 9 * MIB, zeros, ones), DONE);
  assert.deepEqual(it.asked, ['2 cmpext+write']);
});

test('a miscompare gives the index that the OSD gives', async () => {
  for (const index of [0, 1, 511]) {
    const result = await compareAndWrite(image([-4095 - index]), 0, zeros, ones);
    assert.deepEqual(result, { status: 'miscompare', offset: index });
  }
});

test('an absent object of a clone is copied up before it is compared', async () => {
  const it = image([ENOENT, -4095 - 7], 8 * MIB);
  const result = await compareAndWrite(it, 4 * MIB, zeros, ones);
  assert.deepEqual(result, { status: 'miscompare', offset: 7 });
  const exchange = '1 assertExists+cmpext+write';
  assert.deepEqual(it.asked, [exchange, 'copyUp', exchange]);
});

test('beyond the overlap no parent is asked for', async () => {
  const it = image([0], 8 * MIB);
  await compareAndWrite(it, 8 * MIB, zeros, ones);
  assert.deepEqual(it.asked, ['2 cmpext+write']);
});

test('a parent that is gone after the copy-up is asked for no more', async () => {
  const it = image([ENOENT, 0], 8 * MIB);
  const flattened = {
    ...it,
    copyUp: () => {
      flattened.parentOverlapBytes = 0;
      return it.copyUp();
    },
  };
  assert.deepEqual(await compareAndWrite(flattened, 0, zeros, ones), DONE);
  assert.deepEqual(it.asked, ['0 assertExists+cmpext+write', 'copyUp', '0 cmpext+write']);
});

test('an object that never comes up ends busy, a copy-up that fails ends with its fault', async () => {
  const never = image(Array<number>(5).fill(ENOENT), MIB);
  assert.equal((await compareAndWrite(never, 0, zeros, ones)).status, 'busy');
  const full = { ...image([ENOENT], MIB), copyUp: async () => fault('noSpace') };
  assert.equal((await compareAndWrite(full, 0, zeros, ones)).status, 'noSpace');
});

test('errors are told for what they are', async () => {
  const expected = { '-108': 'fenced', '-122': 'noSpace', '-28': 'noSpace', '-5': 'writeError' };
  for (const [errno, status] of Object.entries(expected)) {
    assert.equal((await compareAndWrite(image([Number(errno)]), 0, zeros, ones)).status, status);
  }
});
