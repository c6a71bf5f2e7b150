// Which objects a copy takes, what it does where one is absent, and what makes it give up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RadosPool } from '../../../../src/ceph/rados-pool.ts';
import {
  type CopyDestination,
  type CopySource,
  copyObjects,
} from '../../../../src/volume/rbd/copy-objects.ts';
import { fault } from '../../../../src/volume/refusal.ts';
import { DONE, type VolumeResult } from '../../../../src/volume/volume.ts';

const MIB = 2 ** 20;
const ENOENT = -2;
const dataPool = {} as RadosPool;

function layout(blockNamePrefix: string, objectSizeBytes = MIB, stripeCount = 1) {
  return { blockNamePrefix, objectSizeBytes, stripeUnitBytes: objectSizeBytes, stripeCount };
}

const source: CopySource = {
  layout: layout('s'),
  parentOverlapBytes: 0,
  dataPool,
  refusal: undefined,
};

/** A destination that answers with `errnos` in turn, and tells what it was asked. */
function destination(errnos: readonly number[], parts: Partial<CopyDestination> = {}) {
  const asked: string[] = [];
  const left = [...errnos];
  const it: CopyDestination = {
    layout: layout('d'),
    refusal: undefined,
    holdsWrites: false,
    fresh: undefined,
    copyObject: async (object, _pool, from) => {
      asked.push(`${from.slice(-1)} to ${object.slice(-1)}`);
      return left.shift() ?? assert.fail('asked too often');
    },
    writeZeroes: async (offset, length) => {
      asked.push(`zeros at ${offset / MIB}, ${length / MIB}`);
      return DONE;
    },
  };
  // Getters stay getters.
  Object.defineProperties(it, Object.getOwnPropertyDescriptors(parts));
  return { it, asked };
}

const RANGE = { sourceOffset: 0, offset: 4 * MIB, length: 3 * MIB };

test('objects are copied one after the other; an absent one becomes zeros', async () => {
  const { it, asked } = destination([0, ENOENT, 0]);
  assert.deepEqual(await copyObjects(source, it, RANGE), DONE);
  assert.deepEqual(asked, ['0 to 4', '1 to 5', 'zeros at 5, 1', '2 to 6']);
});

test('what is not of whole objects that both have alike is not copied so', async () => {
  const { it, asked } = destination([]);
  const others = [
    [source, { ...RANGE, length: MIB + 512 }],
    [source, { ...RANGE, offset: 512 }],
    [source, { ...RANGE, sourceOffset: 512 }],
    [
      { ...source, layout: layout('s', 2 * MIB) },
      { ...RANGE, length: 2 * MIB },
    ],
    [{ ...source, layout: layout('s', MIB, 2) }, RANGE],
    [{ ...source, parentOverlapBytes: MIB }, RANGE],
  ] as const;
  for (const [from, range] of others) {
    assert.equal((await copyObjects(from, it, range)).status, 'unsupported');
  }
  assert.deepEqual(asked, []);
});

test('it goes on only while both images may be used, and snapshots are known', async () => {
  const refused = fault('closed');
  let refusal: VolumeResult | undefined;
  const order: string[] = [];
  let fresh: Promise<void> | undefined = Promise.resolve().then(() => {
    order.push('fresh');
    fresh = undefined;
  });
  const { it } = destination([], {
    get refusal() {
      return refusal;
    },
    get fresh() {
      return fresh;
    },
    copyObject: async () => {
      order.push('copy');
      refusal = refused;
      return 0;
    },
  });
  assert.equal(await copyObjects(source, it, RANGE), refused);
  assert.deepEqual(order, ['fresh', 'copy']);
  const held = destination([], { holdsWrites: true });
  assert.equal((await copyObjects(source, held.it, RANGE)).status, 'unsupported');
});

test('where the cluster cannot copy, the bytes are read and written; other errors are told', async () => {
  const cannot = destination([0, -38]);
  assert.equal((await copyObjects(source, cannot.it, RANGE)).status, 'unsupported');
  assert.equal((await copyObjects(source, destination([-28]).it, RANGE)).status, 'noSpace');
});
