// A compare-and-write is one operation on one object; where a parent backs the object, it asserts
// that the object exists and has it copied up first, for as long as the parent is there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CompareAndWriteImage,
  compareAndWrite,
} from '../../../../src/volume/rbd/compare-and-write.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';
import { settle } from '../../../support/virtual-clock.ts';

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
    refusal: undefined as VolumeResult | undefined,
    fresh: undefined as Promise<void> | undefined,
    compareAndWrite(
      object: string,
      offset: number,
      compare: Uint8Array,
      write: Uint8Array,
      mustExist: boolean,
      done: (errno: number) => void,
    ) {
      assert.deepEqual([compare, write], [zeros, ones]);
      asked.push(`${object.slice(-1)} at ${offset}${mustExist ? ', must exist' : ''}`);
      const errno = left.shift() ?? assert.fail('asked too often');
      queueMicrotask(() => done(errno));
    },
    copyUp: async (): Promise<typeof DONE> => {
      asked.push('copyUp');
      return DONE;
    },
  } satisfies CompareAndWriteImage & { asked: string[] };
}

function outcome(it: CompareAndWriteImage, offset: number): Promise<VolumeResult> {
  return new Promise((onResult) => compareAndWrite(it, offset, zeros, ones, onResult));
}

test('without a parent it is a compare and a write in one operation', async () => {
  const it = image([0]);
  assert.deepEqual(await outcome(it, 9 * MIB), DONE);
  assert.deepEqual(it.asked, ['2 at 1048576']);
});

test('a miscompare gives the index that the OSD gives', async () => {
  for (const index of [0, 1, 511]) {
    const result = await outcome(image([-4095 - index]), 0);
    assert.deepEqual(result, { status: 'miscompare', offset: index });
  }
});

test('an absent object of a clone is copied up before it is compared', async () => {
  const it = image([ENOENT, -4095 - 7], 8 * MIB);
  const result = await outcome(it, 4 * MIB);
  assert.deepEqual(result, { status: 'miscompare', offset: 7 });
  const attempt = '1 at 0, must exist';
  assert.deepEqual(it.asked, [attempt, 'copyUp', attempt]);
});

test('beyond the overlap no parent is asked for', async () => {
  const it = image([0], 8 * MIB);
  await outcome(it, 8 * MIB);
  assert.deepEqual(it.asked, ['2 at 0']);
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
  assert.deepEqual(await outcome(flattened, 0), DONE);
  assert.deepEqual(it.asked, ['0 at 0, must exist', 'copyUp', '0 at 0']);
});

test('an object that never comes up ends busy, a copy-up that fails ends with its fault', async () => {
  const never = image(Array<number>(5).fill(ENOENT), MIB);
  assert.equal((await outcome(never, 0)).status, 'busy');
  const full = { ...image([ENOENT], MIB), copyUp: async () => fault('noSpace') };
  assert.equal((await outcome(full, 0)).status, 'noSpace');
});

test('what a snapshot has to wait for is asked before each operation', async () => {
  const it = image([ENOENT, 0], 8 * MIB);
  const { copyUp } = it;
  const waits = Promise.withResolvers<void>();
  const later = (): void => {
    it.fresh = waits.promise.then(() => {
      it.asked.push('fresh');
      it.fresh = undefined;
    });
  };
  it.copyUp = async () => {
    later();
    return await copyUp();
  };
  later();
  const ended = outcome(it, 0);
  await settle();
  assert.deepEqual(it.asked, []);
  waits.resolve();
  assert.deepEqual(await ended, DONE);
  const attempt = '0 at 0, must exist';
  assert.deepEqual(it.asked, ['fresh', attempt, 'copyUp', 'fresh', attempt]);
});

test('nothing is submitted that may not be any more, and so nothing was changed', async () => {
  const it = image([ENOENT], 8 * MIB);
  const { copyUp } = it;
  it.copyUp = async () => {
    it.refusal = fault('closed');
    return await copyUp();
  };
  assert.equal((await outcome(it, 0)).status, 'closed');
  assert.deepEqual(it.asked, ['0 at 0, must exist', 'copyUp']);
  const refused = { ...image([]), refusal: fault('busy') };
  assert.equal((await outcome(refused, 0)).status, 'busy');
});

test('errors are told for what they are', async () => {
  const expected = {
    '-108': 'fenced',
    '-122': 'noSpace',
    '-28': 'noSpace',
    '-5': 'writeError',
    '-110': 'fenced',
  };
  for (const [errno, status] of Object.entries(expected)) {
    assert.equal((await outcome(image([Number(errno)]), 0)).status, status);
  }
});
