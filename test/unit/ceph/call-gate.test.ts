// Blocking calls of one client are bounded: so many run, so many wait, in order, and more are
// refused; one that hangs takes its own thread and no more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BLOCKING_CALLS_MAX,
  BLOCKING_CALLS_WAITING_MAX,
  CallGate,
} from '../../../src/ceph/call-gate.ts';
import { EAGAIN } from '../../../src/ceph/errno.ts';

test('no more than the bound run at a time, and those that wait come in order', async () => {
  const gate = new CallGate();
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const call = (index: number) =>
    gate.run(() => {
      started.push(index);
      return new Promise<{ errno: number; value: number }>((resolve) =>
        ends.push(() => resolve({ errno: 0, value: index })),
      );
    });
  const total = BLOCKING_CALLS_MAX + 3;
  const answers = Array.from({ length: total }, (_, index) => call(index));
  assert.equal(started.length, BLOCKING_CALLS_MAX);
  // The first hangs; the others end one by one and let the waiting ones in.
  for (let index = 1; index < total; index++) {
    while (ends[index] === undefined) await Promise.resolve();
    ends[index]?.();
    await answers[index];
    assert.ok(gate.running <= BLOCKING_CALLS_MAX);
  }
  assert.deepEqual(
    started,
    Array.from({ length: total }, (_, index) => index),
  );
  assert.equal(gate.running, 1);
  ends[0]?.();
  assert.deepEqual(await answers[0], { errno: 0, value: 0 });
  assert.equal(gate.running, 0);
});

test('a call that finds too many waiting ends -EAGAIN', async () => {
  const gate = new CallGate();
  const ends: (() => void)[] = [];
  const call = () =>
    gate.run(
      () =>
        new Promise<{ errno: number; value: undefined }>((resolve) => {
          ends.push(() => resolve({ errno: 0, value: undefined }));
        }),
    );
  const answers = Array.from({ length: BLOCKING_CALLS_MAX + BLOCKING_CALLS_WAITING_MAX }, call);
  assert.equal((await call()).errno, EAGAIN);
  for (let ended = 0; ended < answers.length; ended++) {
    while (ends[ended] === undefined) await Promise.resolve();
    ends[ended]?.();
  }
  assert.ok((await Promise.all(answers)).every(({ errno }) => errno === 0));
});
