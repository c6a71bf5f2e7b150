// Proves that whoever asks for a read is served by one that began afterwards, and that many who ask
// at a time share it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedRead } from '../../../src/units/shared-read.ts';
import { settle } from '../../support/virtual-clock.ts';

function world() {
  const reads: PromiseWithResolvers<void>[] = [];
  const read = new SharedRead(() => {
    const one = Promise.withResolvers<void>();
    reads.push(one);
    return one.promise;
  });
  const ends: string[] = [];
  const ask = (name: string) =>
    read.ask().then(
      () => ends.push(name),
      () => ends.push(`${name} fails`),
    );
  return { reads, ends, ask };
}

test('a read serves those that asked before it began, the next one all others', async () => {
  const { reads, ends, ask } = world();
  for (const name of ['a', 'b', 'c']) void ask(name);
  assert.equal(reads.length, 1);
  reads[0]!.resolve();
  await settle();
  assert.deepEqual(ends, ['a']);
  assert.equal(reads.length, 2);
  void ask('d');
  reads[1]!.resolve();
  await settle();
  assert.deepEqual(ends, ['a', 'b', 'c']);
  reads[2]!.resolve();
  await settle();
  assert.deepEqual(ends, ['a', 'b', 'c', 'd']);
  assert.equal(reads.length, 3);
});

test('a failed read fails only for those that it serves', async () => {
  const { reads, ends, ask } = world();
  for (const name of ['a', 'b']) void ask(name);
  reads[0]!.reject(new Error('no answer'));
  await settle();
  reads[1]!.resolve();
  await settle();
  assert.deepEqual(ends, ['a fails', 'b']);
  void ask('c');
  assert.equal(reads.length, 3);
});
