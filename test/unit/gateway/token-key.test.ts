// Proves that all gateways of a cluster seal tokens with one key, made once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { TokenKey } from '../../../src/gateway/token-key.ts';
import type { Records } from '../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

async function stores(): Promise<Records[]> {
  const world = new MemoryRecordsWorld({
    clock: new VirtualClock(),
    random: new SeededRandom(1),
  });
  return await Promise.all(['a', 'b', 'c'].map((name) => world.open(name)));
}

test('gateways that need it at the same time, and later ones, have one key', async () => {
  const [a, b, c] = await stores();
  const keys = [new TokenKey(a!, new SeededRandom(2)), new TokenKey(b!, new SeededRandom(3))];
  const [first, second] = await Promise.all(keys.map((key) => key.get()));
  assert.equal(first!.length, 32);
  assert.deepEqual(new Uint8Array(second!), new Uint8Array(first!));
  const later = await new TokenKey(c!, new SeededRandom(4)).get();
  assert.deepEqual(new Uint8Array(later!), new Uint8Array(first!));
});

test('a store that does not answer gives no key, and is asked again', async () => {
  const [records] = await stores();
  let isSilent = true;
  const get = async (key: string) => {
    if (isSilent) throw new Failure('recordsUnavailable', 'silent');
    return await records!.get(key);
  };
  const compareAndSet = records!.compareAndSet.bind(records);
  const key = new TokenKey({ get, compareAndSet }, new SeededRandom(2));
  assert.equal(await key.get(), undefined);
  isSilent = false;
  const found = await key.get();
  isSilent = true;
  assert.equal(await key.get(), found);
});

test('a record that holds no key is not taken for one', async () => {
  const [records] = await stores();
  const value = new TextEncoder().encode('{"formatVersion":1,"content":{"key":"00"}}');
  await records!.compareAndSet('token-key', 0, value);
  assert.equal(await new TokenKey(records!, new SeededRandom(2)).get(), undefined);
});
