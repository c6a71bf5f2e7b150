// Proves what goes through the channel objects: who answers a notification and who is missing, in
// what time, what is refused, and that a watch that fails or is lost leaves no watcher behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelWatches } from '../../../../src/records/channel-watches.ts';
import { encodeMessage } from '../../../../src/records/rados/channel-message.ts';
import { WATCH_TIMEOUT_SECONDS } from '../../../../src/records/rados/channel-object.ts';
import {
  CHANNEL_OBJECTS,
  channelIndexOf,
  channelObjectsOf,
} from '../../../../src/records/rados/object-names.ts';
import { OPERATION_TIME_MAX_MS, RadosCalls } from '../../../../src/records/rados/rados-calls.ts';
import { RadosChannels } from '../../../../src/records/rados/rados-channels.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX } from '../../../../src/records/records.ts';
import { bytes, echo, fails, text } from '../../../contract/records-world.ts';
import { ModelRados } from '../../../support/model-rados.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

function begin() {
  const clock = new VirtualClock();
  const rados = new ModelRados(clock);
  const open = (name: string) => {
    const client = rados.client();
    const self = { name, incarnation: `${name}#${client.gid}` };
    const watches = new ChannelWatches();
    const calls = new RadosCalls(clock, () => {});
    const parts = { pool: client, namespace: '', calls, clock, self, watches };
    return { client, self, watches, channels: new RadosChannels(parts) };
  };
  return { clock, rados, open };
}

/** Notifies, and lets as much time pass as that may take. */
async function notify(
  { clock }: { clock: VirtualClock },
  channels: RadosChannels,
  channel: string,
  timeoutMs = 1000,
) {
  const sent = channels.notify(channel, bytes('hello'), timeoutMs);
  await arrive();
  await clock.advance(timeoutMs + 3000);
  const { answers, missing } = await sent;
  return {
    answers: answers.map(({ from, payload }) => `${from.name}: ${text(payload)}`).sort(),
    missing: missing.map(({ name }) => name),
  };
}

/** Lets what was sent arrive, and its answers too: on their way they take turns, but no time. */
async function arrive(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await settle();
}

/** Channels of one object, the first with the others' names. */
function neighbours(): readonly [string, string] {
  for (let i = 0; ; i++) if (channelIndexOf(`${i}`) === channelIndexOf('x')) return ['x', `${i}`];
}

test('all watchers of a channel answer, and members of its object without one are not missing', async () => {
  const world = begin();
  const [channel, other] = neighbours();
  const [a, b, c] = ['a', 'b', 'c'].map(world.open);
  await a!.channels.watch(
    channel,
    echo((message) => `first ${message}`),
  );
  await a!.channels.watch(
    channel,
    echo((message) => `second ${message}`),
  );
  await b!.channels.watch(
    channel,
    echo((message, from) => `${message} of ${from.name}`),
  );
  await c!.channels.watch(
    other,
    echo(() => 'not asked'),
  );
  assert.deepEqual(await notify(world, c!.channels, channel), {
    answers: ['a: first hello', 'a: second hello', 'b: hello of c'],
    missing: [],
  });
});

test('a channel whose object nobody ever watched has no answers and nobody missing', async () => {
  const world = begin();
  const { channels } = world.open('a');
  assert.deepEqual(await notify(world, channels, 'x'), { answers: [], missing: [] });
});

test('a member whose watcher is late or throws is missing, and what the others said is kept', async () => {
  const world = begin();
  const [a, b, c] = ['a', 'b', 'c'].map(world.open);
  await a!.channels.watch('x', { onNotify: () => new Promise(() => {}), onLost: () => {} });
  await a!.channels.watch(
    'x',
    echo(() => 'in time'),
  );
  await b!.channels.watch(
    'x',
    echo(() => {
      throw new Error('no');
    }),
  );
  const { answers, missing } = await notify(world, c!.channels, 'x', 500);
  assert.deepEqual([answers, missing.sort()], [['a: in time'], ['a', 'b']]);
});

test('a watcher has the time that the sender gives, and the sender hears soon after it', async () => {
  const { clock, open } = begin();
  const [a, b] = ['a', 'b'].map(open);
  let answer = (_: Uint8Array): void => {};
  await a!.channels.watch('x', {
    onNotify: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
    onLost: () => {},
  });
  const inTime = b!.channels.notify('x', bytes(''), 800);
  await arrive();
  await clock.advance(799);
  answer(bytes('in time'));
  const { answers } = await inTime;
  assert.deepEqual(
    answers.map(({ payload }) => text(payload)),
    ['in time'],
  );
  const late = b!.channels.notify('x', bytes(''), 800);
  await arrive();
  await clock.advance(801);
  const { missing } = await late;
  assert.deepEqual(missing, [a!.self]);
});

test('answers beyond their bound are left out, and their member counts as missing', async () => {
  const world = begin();
  const [a, b] = ['a', 'b'].map(world.open);
  const long = new Uint8Array(CHANNEL_MESSAGE_LENGTH_MAX);
  for (let i = 0; i < 9; i++) {
    await a!.channels.watch('x', { onNotify: () => long, onLost: () => {} });
  }
  const { answers, missing } = await notify(world, b!.channels, 'x');
  assert.deepEqual([answers.length, missing], [8, ['a']]);
});

test('a sender whose OSD does not answer gives up in its time; the rest of the answers are not lost', async () => {
  const world = begin();
  const { clock, rados } = world;
  const { channels } = world.open('a');
  await channels.watch('x', echo(String));
  rados.fallSilent();
  const sent = assert.rejects(channels.notify('x', bytes(''), 1000), fails('recordsUnavailable'));
  await clock.advance(4001);
  await sent;
  rados.speak();
  await settle();
  assert.deepEqual((await notify(world, channels, 'x')).answers, ['a: hello']);
});

test('so many notifications may be under way, and one more is refused at once', async () => {
  const { clock, rados, open } = begin();
  const { channels } = open('a');
  rados.fallSilent();
  const sent = Array.from({ length: 1024 }, () => channels.notify('x', bytes(''), 0));
  const ends = Promise.allSettled(sent);
  await assert.rejects(channels.notify('x', bytes(''), 0), fails('recordsUnavailable'));
  rados.speak();
  await clock.advance(5000);
  assert.ok((await ends).every(({ status }) => status === 'fulfilled'));
  assert.deepEqual(await channels.notify('x', bytes(''), 0), { answers: [], missing: [] });
});

test('so many messages may be with watchers, and one more is answered as incomplete', async () => {
  const { clock, rados, open } = begin();
  const { channels, self } = open('a');
  await channels.watch('x', { onNotify: () => new Promise(() => {}), onLost: () => {} });
  await settle();
  const sender = rados.client();
  const from = { name: 'b', incarnation: 'b#1' };
  const message = { from, timeoutMs: 60_000, channel: 'x', message: bytes('') };
  const object = channelObjectsOf('')[channelIndexOf('x')]!;
  const send = () => sender.notify(object, encodeMessage(message), 100_000);
  const held = Array.from({ length: 1024 }, send);
  await settle();
  const { answers, timeouts } = await send();
  assert.deepEqual([answers.length, timeouts.length], [1, 0], self.name);
  await clock.advance(60_000);
  assert.ok((await Promise.all(held)).every((each) => each.answers.length === 1));
});

test('what is not understood is answered as incomplete, and reaches no watcher', async () => {
  const { rados, open } = begin();
  const { channels } = open('a');
  let calls = 0;
  await channels.watch('x', { onNotify: () => bytes(`${calls++}`), onLost: () => {} });
  await settle();
  const object = channelObjectsOf('')[channelIndexOf('x')]!;
  const { answers } = await rados.client().notify(object, Uint8Array.of(99), 1000);
  assert.deepEqual([answers.length, calls], [1, 0]);
});

test('a watch that cannot be made leaves no watcher; one that is closed has none, and keeps the object', async () => {
  const { rados, client, channels, watches } = (() => {
    const world = begin();
    return { ...world, ...world.open('a') };
  })();
  client.forbidden = true;
  await assert.rejects(channels.watch('x', echo(String)), fails('recordsUnsuitable'));
  assert.equal(watches.has('x'), false);
  client.forbidden = false;
  const watch = await channels.watch('x', echo(String));
  assert.ok(watches.has('x'));
  await watch.close();
  assert.equal(watches.has('x'), false);
  const held = [...rados.objects.values()].reduce((sum, object) => sum + object.watches.size, 0);
  assert.equal(held, 1);
});

test('an object that falls silent loses the watches of its channels alone', async () => {
  const { clock, rados, open } = begin();
  const { client, channels } = open('a');
  const lost: string[] = [];
  const channelsOfAll = new Map<number, string>();
  for (let i = 0; channelsOfAll.size < CHANNEL_OBJECTS; i++) {
    channelsOfAll.set(channelIndexOf(`${i}`), `${i}`);
  }
  for (const channel of channelsOfAll.values()) {
    await channels.watch(channel, { onNotify: () => bytes(''), onLost: () => lost.push(channel) });
  }
  const [index, channel] = [...channelsOfAll][0]!;
  const object = channelObjectsOf('')[index]!;
  for (const watch of [...rados.objects.get(object)!.watches]) watch.cut();
  await settle();
  assert.deepEqual(lost, [channel]);
  lost.length = 0;
  rados.fallSilent();
  await clock.advance(WATCH_TIMEOUT_SECONDS * 1000 + 1001);
  assert.equal(lost.length, CHANNEL_OBJECTS - 1, 'the others, once');
  assert.ok(client.gid > 0n);
});

test('watching all, each object is watched again at the next look after it was lost', async () => {
  const { clock, rados, open } = begin();
  const { client, channels } = open('a');
  channels.watchAll();
  await arrive();
  const watched = () =>
    [...rados.objects.values()].reduce((sum, object) => sum + object.watches.size, 0);
  assert.equal(watched(), CHANNEL_OBJECTS);
  assert.deepEqual(channels.silencesMs(), Array(CHANNEL_OBJECTS).fill(0));
  client.cutWatches();
  await settle();
  assert.equal(watched(), 0);
  await clock.advance(1000);
  await arrive();
  assert.equal(watched(), CHANNEL_OBJECTS);
});

test('whoever joins an object tells the others who it is', async () => {
  const world = begin();
  const [a, b] = ['a', 'b'].map(world.open);
  await a!.channels.watch('x', echo(String));
  await b!.channels.watch('x', echo(String));
  await world.clock.advance(3000);
  b!.client.stop();
  assert.deepEqual((await notify(world, a!.channels, 'x', 100)).missing, ['b']);
});

test('its close ends the looks and the watches', async () => {
  const { clock, rados, open } = begin();
  const { channels } = open('a');
  channels.watchAll();
  await arrive();
  await clock.advance(3000);
  await channels.close();
  assert.equal(clock.pending, 0);
  for (const { watches } of rados.objects.values()) assert.equal(watches.size, 0);
  await assert.rejects(
    Promise.race([
      channels.watch('x', echo(String)),
      clock.advance(OPERATION_TIME_MAX_MS).then(() => Promise.reject(new Error('hangs'))),
    ]),
  );
  assert.equal(clock.pending, 0, 'no look begins after it');
});
