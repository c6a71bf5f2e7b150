// Proves how a value is changed in the omap of its object: one operation for a change, versions
// that never come twice, and what is done where another change came between or no answer came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueObjectOf } from '../../../../src/records/rados/object-names.ts';
import { OPERATION_TIME_MAX_MS, RadosCalls } from '../../../../src/records/rados/rados-calls.ts';
import { ValueObjects } from '../../../../src/records/rados/value-objects.ts';
import { bytes, fails, text } from '../../../contract/records-world.ts';
import { ModelRados } from '../../../support/model-rados.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

function begin() {
  const clock = new VirtualClock();
  const rados = new ModelRados(clock);
  const open = (incarnation: string) => {
    const client = rados.client();
    const values = new ValueObjects(client, new RadosCalls(clock, () => {}), incarnation);
    const set = (key: string, expected: number, value: string | undefined) =>
      values.compareAndSet({ key, expected, value: value === undefined ? value : bytes(value) });
    return { client, values, set };
  };
  const counted = () => rados.operations.splice(0).length;
  return { clock, rados, open, counted, ...open('a') };
}

/** Two keys of one object. */
function neighbours(): readonly [string, string] {
  const first = 'k';
  for (let i = 0; ; i++) {
    if (valueObjectOf(`${i}`) === valueObjectOf(first)) return [first, `${i}`];
  }
}

const done = (version: number) => ({ status: 'done', version });

test('a value is made, changed and deleted by its version', async () => {
  const { values, set } = begin();
  assert.deepEqual(await set('k', 0, 'one'), done(1));
  assert.deepEqual(await set('k', 1, 'two'), done(2));
  const entry = await values.get('k');
  assert.deepEqual([entry?.version, text(entry!.value)], [2, 'two']);
  assert.deepEqual(Object.keys(entry!).sort(), ['key', 'value', 'version'], 'no stamp is shown');
  assert.deepEqual(await set('k', 2, undefined), done(3));
  assert.equal(await values.get('k'), undefined);
});

test('a change of a version is one operation; only what makes or deletes must know its object', async () => {
  const { set, counted } = begin();
  await set('k', 0, 'one');
  counted();
  await set('k', 1, 'two');
  assert.equal(counted(), 1);
  await set('k', 2, undefined);
  await set('k', 3, 'three');
  counted();
  await set('k', 0, 'three');
  assert.equal(counted(), 1, 'how far the object has counted is known');
});

test('another version than the one that is there is a conflict, which says what is there', async () => {
  const { set } = begin();
  await set('k', 0, 'one');
  for (const expected of [0, 2, 7]) {
    const result = await set('k', expected, 'other');
    assert.equal(result.status, 'conflict');
    const { current } = result as { current: { version: number; value: Uint8Array } };
    assert.deepEqual([current.version, text(current.value)], [1, 'one'], `${expected}`);
  }
  assert.deepEqual(await set('absent', 3, 'x'), { status: 'conflict', current: undefined });
});

test('what is no version matches nothing, and a deletion of nothing changes nothing', async () => {
  const { rados, set } = begin();
  assert.deepEqual(await set('k', 0, undefined), done(0));
  assert.equal(rados.objects.size, 0, 'no object is made for it');
  await set('k', 0, 'one');
  for (const expected of [-1, 1.5, Number.NaN, 2 ** 53]) {
    assert.equal((await set('k', expected, 'x')).status, 'conflict', `${expected}`);
  }
  assert.equal((await set('k', 0, undefined)).status, 'conflict');
});

test('versions count on from a deletion, and from one that another member made', async () => {
  const { open, set } = begin();
  const b = open('b');
  await set('k', 0, 'one');
  assert.deepEqual(await b.set('k', 1, undefined), done(2));
  assert.deepEqual(await set('k', 0, 'again'), done(3));
  assert.deepEqual(await b.set('k', 3, undefined), done(4));
  assert.deepEqual(await b.set('k', 0, 'again'), done(5));
});

test('the deletion of another key of the same object does not lose a change', async () => {
  const { open, set } = begin();
  const [key, other] = neighbours();
  const b = open('b');
  await set(other, 0, 'x');
  await set(key, 0, 'x');
  await b.set(other, 1, 'y');
  await b.set(other, 2, 'z');
  await b.set(other, 3, undefined);
  assert.deepEqual(await set(key, 1, undefined), done(2), 'what it knew of the object is old');
  assert.deepEqual(await set(key, 0, 'again'), done(5), 'it counts on from the latest deletion');
});

test('a retry knows its own change by its stamp; another member that asks the same does not', async () => {
  const { clock, rados, open, set } = begin();
  const b = open('b');
  await set('k', 0, 'one');
  rados.fallSilent();
  const lost = assert.rejects(set('k', 1, 'mine'), fails('recordsUnavailable'));
  await clock.advance(OPERATION_TIME_MAX_MS);
  await lost;
  rados.speak();
  await settle();
  assert.equal((await b.set('k', 1, 'mine')).status, 'conflict');
  assert.deepEqual(await set('k', 1, 'mine'), done(2));
});

test('a deletion that got no answer is a conflict to its retry: nothing shows whose it was', async () => {
  const { clock, rados, set } = begin();
  await set('k', 0, 'one');
  rados.fallSilent();
  const lost = assert.rejects(set('k', 1, undefined), fails('recordsUnavailable'));
  await clock.advance(OPERATION_TIME_MAX_MS);
  await lost;
  rados.speak();
  await settle();
  assert.deepEqual(await set('k', 1, undefined), { status: 'conflict', current: undefined });
});

test('what the pool refuses is told as it is', async () => {
  const { rados, client, set } = begin();
  rados.full = true;
  await assert.rejects(set('k', 0, 'one'), fails('recordsFull'));
  rados.full = false;
  client.forbidden = true;
  await assert.rejects(set('k', 0, 'one'), fails('recordsUnsuitable'));
});

test('a change that others overtake again and again is given up', async () => {
  const { rados, client, open, set } = begin();
  const [key, other] = neighbours();
  const b = open('b');
  await set(other, 0, 'x');
  let version = 1;
  let isOvertaking = false;
  const operate = client.operate.bind(client);
  client.operate = async (object, steps) => {
    if (!isOvertaking) {
      isOvertaking = true;
      await b.set(other, version, undefined);
      const made = await b.set(other, 0, 'x');
      if (made.status === 'done') version = made.version;
      isOvertaking = false;
    }
    return await operate(object, steps);
  };
  await assert.rejects(set(key, 0, 'mine'), fails('recordsUnavailable'));
  assert.ok(rados.operations.length > 100);
});
