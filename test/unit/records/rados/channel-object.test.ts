// Proves the watch of one channel object: made where it is missing, made once however many ask,
// lost when it is cut or silent for too long, and not kept by one that is closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ChannelObject,
  WATCH_TIMEOUT_SECONDS,
} from '../../../../src/records/rados/channel-object.ts';
import { OPERATION_TIME_MAX_MS, RadosCalls } from '../../../../src/records/rados/rados-calls.ts';
import { bytes, fails, text } from '../../../contract/records-world.ts';
import { ModelRados } from '../../../support/model-rados.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

const NAME = 'channel';
const WATCH_TIMEOUT_MS = WATCH_TIMEOUT_SECONDS * 1000;

function begin() {
  const clock = new VirtualClock();
  const rados = new ModelRados(clock);
  const client = rados.client();
  const events: string[] = [];
  const object = new ChannelObject({
    pool: client,
    calls: new RadosCalls(clock, () => events.push('fenced')),
    clock,
    name: NAME,
    onWatched: () => events.push('watched'),
    onNotify: (message, fromGid, acknowledge) => {
      events.push(`${fromGid}: ${text(message)}`);
      acknowledge(bytes('answer'));
    },
    onLost: () => events.push('lost'),
  });
  const told = () => events.splice(0);
  const watches = () => rados.objects.get(NAME)?.watches.size ?? 0;
  return { clock, rados, client, object, told, watches };
}

test('an object that is missing is made, and watched once by all that ask', async () => {
  const { object, told, watches } = begin();
  await Promise.all([object.ensureWatched(), object.ensureWatched()]);
  await object.ensureWatched();
  assert.deepEqual([told(), watches()], [['watched'], 1]);
});

test('an object that is there is not made again', async () => {
  const { rados, client, object, watches } = begin();
  await client.operate(NAME, [{ step: 'create', exclusive: true }]);
  rados.operations.length = 0;
  await object.ensureWatched();
  assert.deepEqual([rados.operations, watches()], [[], 1]);
});

test('an object that another makes at the same time is watched all the same', async () => {
  const { rados, client, object, watches } = begin();
  const watch = client.watch.bind(client);
  let looks = 0;
  client.watch = async (...args) => {
    if (looks++ > 0) return await watch(...args);
    const refused = watch(...args);
    await refused.catch(() => {});
    await rados.client().operate(NAME, [{ step: 'create', exclusive: true }]);
    return await refused;
  };
  await object.ensureWatched();
  assert.equal(watches(), 1);
});

test('a notification is answered through the watch that brought it', async () => {
  const { rados, object, told } = begin();
  await object.ensureWatched();
  told();
  const other = rados.client();
  const { answers } = await other.notify(NAME, bytes('hello'), 1000);
  assert.deepEqual(told(), [`${other.gid}: hello`]);
  assert.deepEqual(
    answers.map(({ payload }) => text(payload)),
    ['answer'],
  );
});

test('a notification that comes before the answer to the watch is delivered after it', async () => {
  const { client, object, told } = begin();
  const watch = client.watch.bind(client);
  client.watch = async (name, listener, options) => {
    const made = await watch(name, listener, options);
    listener.onNotify(7n, bytes('early'), 3n);
    assert.deepEqual(told(), [], 'there is nothing to answer it through');
    return made;
  };
  await object.ensureWatched();
  assert.deepEqual(told(), ['3: early', 'watched']);
});

test('a watch that is cut is lost once, and is made again on demand', async () => {
  const { client, object, told, watches } = begin();
  await object.ensureWatched();
  client.cutWatches();
  await settle();
  object.checkSilence();
  assert.deepEqual([told(), watches()], [['watched', 'lost'], 0]);
  await object.ensureWatched();
  assert.deepEqual([told(), watches()], [['watched'], 1]);
});

test('a watch that was cut before the answer to it is refused, and none is kept', async () => {
  const { client, object, told, watches } = begin();
  const watch = client.watch.bind(client);
  client.watch = async (name, listener, options) => {
    const made = await watch(name, listener, options);
    listener.onError(-107);
    return made;
  };
  await assert.rejects(object.ensureWatched(), fails('recordsUnavailable'));
  await settle();
  assert.deepEqual([told(), watches()], [[], 0]);
  client.watch = watch;
  await object.ensureWatched();
  assert.deepEqual(told(), ['watched']);
});

test('silence counts from the last sign of the OSD, and loses the watch at its time-out alone', async () => {
  const { clock, rados, object, told, watches } = begin();
  await clock.advance(1000);
  assert.equal(object.silentMs(), 1000, 'nothing was heard since it began');
  object.checkSilence();
  await object.ensureWatched();
  assert.equal(object.silentMs(), 0);
  told();
  rados.fallSilent();
  await clock.advance(WATCH_TIMEOUT_MS);
  object.checkSilence();
  assert.deepEqual([object.silentMs(), told()], [WATCH_TIMEOUT_MS, []]);
  await clock.advance(1);
  object.checkSilence();
  object.checkSilence();
  assert.deepEqual(told(), ['lost']);
  await clock.advance(1000);
  assert.equal(object.silentMs(), WATCH_TIMEOUT_MS + 1001, 'without a watch it is silent still');
  rados.speak();
  await settle();
  assert.equal(watches(), 0, 'the watch that was lost is closed');
});

test('a cut is a sign of the OSD', async () => {
  const { clock, rados, client, object } = begin();
  await object.ensureWatched();
  rados.fallSilent();
  await clock.advance(3000);
  assert.equal(object.silentMs(), 3000);
  client.cutWatches();
  await settle();
  assert.equal(object.silentMs(), 0);
});

test('a wait for a silent cluster ends in time; the watch that it began is used later', async () => {
  const { clock, rados, object, told, watches } = begin();
  rados.fallSilent();
  const waits = assert.rejects(object.ensureWatched(), fails('recordsUnavailable'));
  await clock.advance(OPERATION_TIME_MAX_MS);
  await waits;
  rados.speak();
  await settle();
  await object.ensureWatched();
  assert.deepEqual([told(), watches()], [['watched'], 1]);
});

test('a blocklisted client is told that it is fenced', async () => {
  const { client, object, told } = begin();
  client.blocklist();
  await assert.rejects(object.ensureWatched(), fails('recordsFenced'));
  assert.deepEqual(told(), ['fenced']);
});

test('its close ends the watch, and a watch that comes later is not kept', async () => {
  const { rados, object, watches } = begin();
  await object.ensureWatched();
  await object.close();
  assert.equal(watches(), 0);
  const late = begin();
  const waits = late.object.ensureWatched();
  await late.object.close();
  await assert.rejects(waits, fails('recordsUnavailable'));
  assert.equal(late.watches(), 0);
  assert.equal(rados.notifies.size, 0);
});
