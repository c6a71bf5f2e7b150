// Slots of the addon's calls: each answer finds its call, buffers are held until the result and no
// longer, nothing is left behind, and operations of one turn go down in one batch, in order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLS_MAX, CephCalls } from '../../../src/ceph/ceph-calls.ts';
import type { CephNative } from '../../../src/ceph/ceph-native.ts';
import { EAGAIN } from '../../../src/ceph/errno.ts';
import { nativeProtocol } from '../../../src/ceph/native-protocol.ts';
import { FakeCephNative } from '../../support/fake-ceph-native.ts';

function world(): { native: FakeCephNative; calls: CephCalls } {
  const native = new FakeCephNative();
  return { native, calls: new CephCalls(native as unknown as CephNative) };
}

test('answers come in any order, each to its own call, and slots are used again', async () => {
  const { native, calls } = world();
  const slots: number[] = [];
  const answers = ['a', 'b', 'c'].map(() => calls.call((_, slot) => slots.push(slot)));
  for (const slot of slots.toReversed()) native.onMessage(slot, -slot, `value ${slot}`);
  const ended = await Promise.all(answers);
  assert.deepEqual(
    ended,
    slots.map((slot) => ({ errno: -slot, value: `value ${slot}` })),
  );
  assert.equal(calls.size, 0);
  const again = calls.call((_, slot) => slots.push(slot));
  assert.ok(slots.slice(0, 3).includes(slots[3]!));
  native.onMessage(slots[3]!, 0, undefined);
  await again;
});

test('a call beyond the bound ends -EAGAIN and starts nothing', async () => {
  const { calls } = world();
  for (let i = 0; i < CALLS_MAX; i++)
    assert.notEqual(
      calls.take(() => {}),
      undefined,
    );
  let started = false;
  const answer = await calls.call(() => {
    started = true;
  });
  assert.equal(answer.errno, EAGAIN);
  assert.equal(started, false);
});

test('operations of one turn are one batch, in order; more than fit are several', async () => {
  const { native, calls } = world();
  const { submission } = calls;
  const ended: number[] = [];
  const buffers = Array.from({ length: 300 }, () => new Uint8Array(1));
  for (const buffer of buffers) {
    const slot = calls.take({ complete: (result) => ended.push(result) }, [buffer]);
    submission.add(nativeProtocol.imageRead, 1, slot!, 0, 0, [buffer], 0);
  }
  await Promise.resolve();
  assert.deepEqual(
    native.batches.map(({ slots }) => slots.length),
    [256, 44],
  );
  assert.deepEqual(
    native.batches.flatMap((batch) => batch.buffers),
    buffers,
  );
  const slots = native.batches.flatMap((batch) => batch.slots);
  native.end(slots);
  assert.deepEqual(
    ended,
    slots.map((slot) => slot + 1000),
  );
  assert.equal(calls.size, 0);
});
