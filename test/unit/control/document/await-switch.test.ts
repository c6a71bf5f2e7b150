// Proves whom a new version of the document waits for: every incarnation that serves, also one that
// no notification reaches, until it has switched or its fence is finished; not those that nobody
// lives to fence, nor those that join and read the document afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOCUMENT_CHANNEL, encodeMessage } from '../../../../src/control/channels.ts';
import type { ControlEvent } from '../../../../src/control/control-context.ts';
import { awaitSwitch, SWITCH_WAIT_MAX_MS } from '../../../../src/control/document/await-switch.ts';
import { MembershipStore } from '../../../../src/membership/membership-store.ts';
import { close, finish, open, serve } from '../../../../src/membership/roster-changes.ts';
import type { Member, Records } from '../../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const VERSION = 7;

async function store() {
  const clock = new VirtualClock();
  const random = new SeededRandom(5);
  const world = new MemoryRecordsWorld({ clock, random });
  const records = await world.open('tool');
  const membership = new MembershipStore({ records, clock, random });
  const living: Member[] = [];
  const join = async (name: string, serves = true): Promise<Records> => {
    const member = await world.open(name);
    const { self } = member;
    await inTime(membership.change(open({ self, instances: [], passedEpoch: 0, dead: undefined })));
    if (serves) await inTime(membership.change(serve(self)));
    return member;
  };
  /** Lets time pass until it is settled, and resolves with how long that took. */
  const inTime = async (promise: Promise<unknown>): Promise<number> => {
    const startMs = clock.now();
    let isSettled = false;
    const mark = () => {
      isSettled = true;
    };
    promise.then(mark, mark);
    while (!isSettled) {
      assert.ok(clock.now() - startMs < 60_000, 'it ends');
      await clock.advance(50);
    }
    await promise;
    return clock.now() - startMs;
  };
  const told: number[] = [];
  const onEvent = (event: ControlEvent) => {
    if (event.kind === 'waitingForGateways') told.push(event.version);
  };
  const context = { records, membership, clock, living: async () => living, onEvent };
  const waiting = () => awaitSwitch(context, VERSION);
  return { clock, world, membership, living, join, inTime, waiting, told };
}

/** It serves the version that stands, and says so. */
async function answers(records: Records, version = () => VERSION): Promise<void> {
  const onNotify = () => encodeMessage({ version: version() });
  await records.watch(DOCUMENT_CHANNEL, { onNotify, onLost: () => {} });
}

test('all that serve have switched: it ends at once, and names them', async () => {
  const { clock, join, inTime, waiting, told } = await store();
  for (const name of ['b', 'a']) await answers(await join(name));
  const ending = waiting();
  assert.ok((await inTime(ending)) < 500);
  await clock.advance(5_000);
  assert.deepEqual(told, []);
  assert.deepEqual((await ending).gateways, ['a', 'b']);
});

test('what a gateway cannot serve is told as it is at the end', async () => {
  const { clock, join, inTime, waiting } = await store();
  await answers(await join('a'));
  const b = await join('b');
  let version = 0;
  clock.after(1_000, () => {
    version = VERSION;
  });
  const disks = [{ disk: 'd', reason: 'broken' }];
  await b.watch(DOCUMENT_CHANNEL, {
    onNotify: () => encodeMessage({ version, unserved: { count: 1, disks } }),
    onLost: () => {},
  });
  const ending = waiting();
  await inTime(ending);
  assert.deepEqual((await ending).unserved, [{ gateway: 'b', count: 1, disks }]);
});

test('one that no notification reaches is waited for until its fence is finished', async () => {
  const { clock, membership, join, inTime, waiting, told } = await store();
  const a = await join('a');
  await answers(a);
  const { self } = await join('deaf');
  clock.after(1_500, () => assert.deepEqual(told, [VERSION], 'its author knows what is done'));
  let finishedMs: number | undefined;
  clock.after(2_000, () => void membership.change(close(a.self, self, () => true)));
  const finishing = async (): Promise<void> => {
    await membership.change(finish(a.self, self, undefined));
    finishedMs = clock.now();
  };
  clock.after(4_000, () => void finishing());
  const ending = waiting();
  await inTime(ending);
  assert.ok(finishedMs !== undefined && clock.now() >= finishedMs, 'not before');
  assert.ok(clock.now() - finishedMs < 1_000, 'nor much later');
  assert.deepEqual(told, [VERSION], 'once');
  assert.deepEqual((await ending).gateways, ['a']);
});

test('one that is reached late has switched when it says so', async () => {
  const { clock, join, inTime, waiting } = await store();
  await answers(await join('a'));
  let version = 0;
  await answers(await join('late'), () => version);
  clock.after(3_000, () => {
    version = VERSION;
  });
  const ending = waiting();
  assert.ok((await inTime(ending)) >= 3_000);
  assert.deepEqual((await ending).gateways, ['a', 'late']);
});

test('one that lives and stays silent is named, in bounded time', async () => {
  const { living, join, inTime, waiting } = await store();
  const { self } = await join('deaf');
  living.push(self);
  const failure = { code: 'applyIncomplete', data: { version: VERSION, gateways: ['deaf'] } };
  const ending = waiting();
  const tooks = inTime(ending.catch(() => {}));
  await assert.rejects(ending, failure);
  assert.ok((await tooks) < SWITCH_WAIT_MAX_MS + 3_000);
});

test('those of a store that nobody serves any more are not waited for', async () => {
  const { world, living, join, inTime, waiting } = await store();
  const dead = await join('dead');
  await answers(dead);
  world.stop(dead.self);
  await join('deaf');
  // The tool itself has the store open, and is no member.
  living.push({ name: 'tool', incarnation: '1' });
  const ending = waiting();
  assert.ok((await inTime(ending)) < 3_000, 'no longer than one notification');
  assert.deepEqual((await ending).gateways, []);
});

test('one that joins reads the document afterwards, and is not waited for', async () => {
  const { join, inTime, waiting } = await store();
  await answers(await join('a'));
  await join('joiner', false);
  const ending = waiting();
  assert.ok((await inTime(ending)) < 500);
  assert.deepEqual((await ending).gateways, ['a']);
});
