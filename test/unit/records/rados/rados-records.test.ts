// Records on a model of RADOS that fails: bounds in time, unknown outcomes, fences, full pools.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fieldsObjectOf,
  STORE_OBJECT,
  valueObjectOf,
} from '../../../../src/records/rados/object-names.ts';
import { openRadosRecords } from '../../../../src/records/rados/open-rados-records.ts';
import { OPERATION_TIME_MAX_MS } from '../../../../src/records/rados/rados-calls.ts';
import type { RadosRecords } from '../../../../src/records/rados/rados-records.ts';
import { encodeValue } from '../../../../src/records/rados/value-entry.ts';
import { FIELDS_MAX, LIST_LENGTH_MAX, VALUE_LENGTH_MAX } from '../../../../src/records/records.ts';
import { bytes, echo, fails, text } from '../../../contract/records-world.ts';
import { type ModelClient, ModelRados } from '../../../support/model-rados.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

interface World {
  readonly clock: VirtualClock;
  readonly rados: ModelRados;
  open(name: string): Promise<{ records: RadosRecords; client: ModelClient }>;
}

function newWorld(): World {
  const clock = new VirtualClock();
  const rados = new ModelRados(clock);
  return {
    clock,
    rados,
    async open(name) {
      const client = rados.client();
      const self = { name, incarnation: `${name}#${client.gid}` };
      const records = await openRadosRecords({ pool: client, namespace: '', self, clock });
      return { records, client };
    },
  };
}

/** Whether it has settled; a rejection is the caller's to look at. */
function watched<T>(promise: Promise<T>): { promise: Promise<T>; settled: () => boolean } {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  return { promise, settled: () => settled };
}

test('every call ends in its bound while the cluster is silent, and works when it speaks', async () => {
  const { clock, rados, open } = newWorld();
  const { records } = await open('a');
  await records.compareAndSet('k', 0, bytes('1'));
  const calls: (() => Promise<unknown>)[] = [
    () => records.get('k'),
    () => records.list(''),
    () => records.compareAndSet('other', 0, bytes('1')),
    () => records.setFields('map', { x: bytes('1') }),
    () => records.getFields('map'),
    () => records.watch('channel', echo(String)),
  ];
  rados.fallSilent();
  const waiting = calls.map((call) => watched(call()));
  const notify = watched(records.notify('channel', bytes(''), 500));
  await clock.advance(OPERATION_TIME_MAX_MS - 1);
  assert.ok(notify.settled(), 'a notification has a bound of its own');
  assert.ok(waiting.every(({ settled }) => !settled()));
  await clock.advance(1);
  for (const { promise } of [...waiting, notify]) {
    await assert.rejects(promise, fails('recordsUnavailable'));
  }
  rados.speak();
  await settle();
  for (const call of calls) await call();
  assert.equal(text((await records.get('k'))?.value), '1');
});

test('a pool whose OSDs do not answer is told with what to look at', async () => {
  const { clock, rados, open } = newWorld();
  rados.fallSilent();
  const opened = assert.rejects(open('a'), (error: Error) => {
    assert.match(error.message, /did not answer.*"ceph -s".*"allpath ceph caps"/);
    return fails('recordsUnavailable')(error as never);
  });
  await clock.advance(OPERATION_TIME_MAX_MS);
  await opened;
});

test('a change given up that was done is told done to the retry, once, and is done once', async () => {
  const { clock, rados, open } = newWorld();
  const { records } = await open('a');
  await records.compareAndSet('k', 0, bytes('0'));
  rados.fallSilent();
  const given = records.compareAndSet('k', 1, bytes('mine'));
  const rejected = assert.rejects(given, fails('recordsUnavailable'));
  await clock.advance(OPERATION_TIME_MAX_MS);
  await rejected;
  rados.speak();
  await settle();
  const other = await records.compareAndSet('k', 1, bytes('other'));
  assert.equal(other.status, 'conflict', 'who asked something else has not done it');
  assert.deepEqual(await records.compareAndSet('k', 1, bytes('mine')), {
    status: 'done',
    version: 2,
  });
  const again = await records.compareAndSet('k', 1, bytes('mine'));
  assert.equal(again.status, 'conflict', 'of two that asked the same, one has done it');
  assert.equal((await records.get('k'))?.version, 2);
});

test('a retry while the first attempt is still under way does not change twice', async () => {
  const { clock, rados, open } = newWorld();
  const { records } = await open('a');
  await records.compareAndSet('k', 0, bytes('0'));
  rados.fallSilent();
  const first = assert.rejects(
    records.compareAndSet('k', 1, bytes('mine')),
    fails('recordsUnavailable'),
  );
  await clock.advance(OPERATION_TIME_MAX_MS);
  await first;
  const retry = records.compareAndSet('k', 1, bytes('mine'));
  rados.speak();
  assert.deepEqual(await retry, { status: 'done', version: 2 });
});

test('a blocklisted client ends every call recordsFenced, and its watchers are told', async () => {
  const { open } = newWorld();
  const { records, client } = await open('a');
  let lost = 0;
  const onLost = () => {
    lost += 1;
  };
  await records.watch('x', { onNotify: (message) => message, onLost });
  await records.watch('y', { onNotify: (message) => message, onLost });
  client.blocklist();
  await assert.rejects(records.compareAndSet('k', 0, bytes('')), fails('recordsFenced'));
  assert.equal(lost, 2);
  const calls: (() => Promise<unknown>)[] = [
    () => records.get('k'),
    () => records.list(''),
    () => records.setFields('map', {}),
    () => records.getFields('map'),
    () => records.watch('x', echo(String)),
    () => records.notify('x', bytes(''), 100),
  ];
  for (const call of calls) await assert.rejects(call(), fails('recordsFenced'));
  await settle();
  assert.equal(lost, 2);
  await records.close();
});

test('a cut watch is told apart from a fence by what watching again says', async () => {
  const { open } = newWorld();
  const { records, client } = await open('a');
  const lost: string[] = [];
  const watcher = (name: string) => ({
    onNotify: (message: Uint8Array) => message,
    onLost: () => lost.push(name),
  });
  await records.watch('x', watcher('first'));
  client.cutWatches();
  await settle();
  assert.deepEqual(lost, ['first']);
  await records.watch('x', watcher('second'));
  client.blocklist();
  await settle();
  assert.deepEqual(lost, ['first', 'second']);
  await assert.rejects(records.watch('x', watcher('third')), fails('recordsFenced'));
  assert.deepEqual(lost, ['first', 'second']);
});

test('silence beyond the watch time-out loses watches; watching again waits, without piling up', async () => {
  const { clock, rados, open } = newWorld();
  const { records } = await open('a');
  let lost = 0;
  const onLost = () => {
    lost += 1;
  };
  await records.watch('x', { onNotify: (message) => message, onLost });
  rados.fallSilent();
  await clock.advance(10_000);
  assert.equal(lost, 0);
  await clock.advance(1500);
  assert.equal(lost, 1);
  for (let round = 0; round < 5; round++) {
    const again = assert.rejects(records.watch('x', echo(String)), fails('recordsUnavailable'));
    await clock.advance(OPERATION_TIME_MAX_MS);
    await again;
  }
  rados.speak();
  await settle();
  await records.watch('x', echo(String));
  await settle();
  const watches = [...rados.objects.values()].map((object) => object.watches.size);
  assert.equal(
    watches.reduce((sum, count) => sum + count, 0),
    1,
  );
});

test('the ages of the witnesses count from the last sign of each', async () => {
  const { clock, rados, open } = newWorld();
  const { records, client } = await open('a');
  records.watchCluster();
  await settle();
  await clock.advance(4000);
  assert.deepEqual(records.witnessAgesMs(), Array(8).fill(0));
  const watches = [...rados.objects.values()].map((object) => object.watches.size);
  assert.equal(watches.filter((count) => count === 1).length, 8);
  rados.fallSilent();
  await clock.advance(3000);
  assert.deepEqual(records.witnessAgesMs(), Array(8).fill(3000));
  await clock.advance(30_000);
  assert.deepEqual(records.witnessAgesMs(), Array(8).fill(33_000));
  rados.speak();
  await settle();
  await clock.advance(1000);
  assert.deepEqual(records.witnessAgesMs(), Array(8).fill(0));
  // A cut watch is a sign of the cluster, and is watched again.
  client.cutWatches();
  await clock.advance(2000);
  assert.deepEqual(records.witnessAgesMs(), Array(8).fill(0));
});

test('a full pool refuses a new map, and goes on with all else', async () => {
  const { rados, open } = newWorld();
  const { records } = await open('a');
  await records.setFields('old', { x: bytes('1') });
  rados.full = true;
  await assert.rejects(records.setFields('new', { x: bytes('') }), fails('recordsFull'));
  for (let key = 0; key < 100; key++) {
    assert.equal((await records.compareAndSet(`k/${key}`, 0, bytes('1'))).status, 'done');
    await records.watch(`c/${key}`, echo(String));
  }
  assert.equal(await records.setFields('old', { x: bytes('2') }), true);
  rados.full = false;
  assert.equal(await records.setFields('new', { x: bytes('') }), true);
});

test('a store, a value and a message of a newer format are refused or not answered', async () => {
  const { rados, open } = newWorld();
  const { records } = await open('a');
  const { records: b } = await open('b');
  await records.compareAndSet('k', 0, bytes('1'));
  const { omap } = rados.objects.get(valueObjectOf('k'))!;
  const newer = encodeValue({ version: 1, value: bytes(''), stamp: '' });
  newer[0] = 2;
  omap.set('d/k', newer);
  await assert.rejects(records.get('k'), fails('recordsUnsuitable'));
  await assert.rejects(records.list(''), fails('recordsUnsuitable'));
  await b.watch('x', echo(String));
  const send = rados.client();
  const object = [...rados.objects].find(([, { watches }]) => watches.size > 0)![0];
  const { answers } = await send.notify(object, Uint8Array.of(2, 1, 2, 3), 1000);
  assert.equal(answers.length, 1, 'it says at once that it does not understand');
  const layout = rados.objects.get(STORE_OBJECT)!.omap;
  layout.set('layout', bytes('{"formatVersion":2,"content":{}}'));
  await assert.rejects(open('c'), fails('recordsUnsuitable'));
});

test('setting fields is one operation, whoever else writes', async () => {
  const { rados, open } = newWorld();
  const { records } = await open('a');
  const { records: b } = await open('b');
  await records.setFields('m', { inc: bytes('open') });
  const guard = { field: 'inc', equals: bytes('open') };
  for (let beat = 0; beat < 3; beat++) {
    await b.setFields('m', { other: bytes(`${beat}`) });
    rados.operations.length = 0;
    assert.equal(await records.setFields('m', { hb: bytes(`${beat}`) }, guard), true);
    assert.deepEqual(rados.operations, [fieldsObjectOf('m')]);
  }
});

test('a map has no more fields than it may, and no change is refused for what it replaces', async () => {
  const { open } = newWorld();
  const { records: a } = await open('a');
  const { records: b } = await open('b');
  const half = (from: string) =>
    Object.fromEntries(
      Array.from({ length: FIELDS_MAX / 2 }, (_, index) => [`${from}${index}`, bytes(from)]),
    );
  await a.setFields('m', half('x'));
  await Promise.all([b.setFields('m', half('y')), a.setFields('m', { x1: bytes('new') })]);
  await assert.rejects(a.setFields('m', { more: bytes('') }), fails('recordsTooLarge'));
  await assert.rejects(b.setFields('m', { more: bytes('') }), fails('recordsTooLarge'));
  assert.equal(await b.setFields('m', half('x')), true);
  assert.equal(await a.setFields('m', { more: bytes(''), x1: undefined }), true);
  const fields = await b.getFields('m');
  assert.equal(fields.size, FIELDS_MAX);
  assert.ok(!fields.has('x1') && fields.has('more'));
});

test('who never spoke is missing by its instance; who did, by its name', async () => {
  const { clock, rados, open } = newWorld();
  const { records: a } = await open('a');
  const { records: b, client } = await open('b');
  client.stop();
  await settle();
  const watching = b.watch('x', echo(String));
  await settle();
  await watching;
  const unknown = a.notify('x', bytes(''), 100);
  await clock.advance(1000);
  const { missing } = await unknown;
  assert.deepEqual(missing, [{ name: 'unknown', incarnation: `client.${client.gid}` }]);
  client.resume();
  await clock.advance(2000);
  await a.notify('x', bytes(''), 100);
  client.stop();
  const known = a.notify('x', bytes(''), 100);
  await clock.advance(1000);
  assert.deepEqual((await known).missing, [b.self]);
  assert.equal(rados.notifies.size, 0);
});

test('a list has its bounds, and many records of one object come in pages', async () => {
  const { open } = newWorld();
  const { records } = await open('a');
  const large = new Uint8Array(VALUE_LENGTH_MAX);
  const count = LIST_LENGTH_MAX / VALUE_LENGTH_MAX;
  for (let index = 0; index < count; index++) {
    await records.compareAndSet(`large/${index}`, 0, large);
  }
  assert.equal((await records.list('large/')).length, count);
  await records.compareAndSet('large/more', 0, bytes('1'));
  await assert.rejects(records.list('large/'), fails('recordsTooLarge'));
  for (let index = 0; index < 1000; index++) {
    await records.compareAndSet(`small/${index}`, 0, bytes(`${index}`));
  }
  const small = await records.list('small/');
  const values = small.map(({ key, value }) => `${key}=small/${text(value)}`);
  assert.equal(new Set(values).size, 1000);
  assert.ok(values.every((pair) => pair.split('=')[0] === pair.split('=')[1]));
});
