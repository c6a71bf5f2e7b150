// A gateway listens for events of units before it counts as a member, leaves as clean as it is
// told, and listens no longer when it could not join.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { joinStore } from '../../../src/gateway/join-store.ts';
import type { Store } from '../../../src/gateway/store.ts';
import { silentLog } from '../../../src/log/log.ts';
import { MembershipStore } from '../../../src/membership/membership-store.ts';
import type { Records } from '../../../src/records/records.ts';
import { MemoryCluster, MemoryFencing } from '../../doubles/memory-fencing.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const STEP_MS = 100;
const STEPS_MAX = 1000;

async function world({ refuses = false } = {}) {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const records = await new MemoryRecordsWorld({ clock, random }).open('g');
  const calls: string[] = [];
  let watches = 0;
  const noting = {
    self: records.self,
    watch: async (...parts: Parameters<Records['watch']>) => {
      calls.push('watch');
      watches++;
      const watch = await records.watch(...parts);
      const close = async () => {
        watches--;
        await watch.close();
      };
      return { ...watch, close };
    },
    setFields: async (...parts: Parameters<Records['setFields']>) => {
      calls.push('change');
      if (refuses) throw new Failure('recordsFull', 'no room');
      return await records.setFields(...parts);
    },
  };
  const bound = new Proxy(records, {
    get: (target, key) => {
      const own = Reflect.get(noting, key) ?? Reflect.get(target, key);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
  const driver = new MemoryFencing(new MemoryCluster());
  driver.openInstance('records');
  const fencing = { driver, instances: [{ address: 'records', kind: 'records' as const }] };
  const inTime = async <T>(promise: Promise<T>): Promise<T> => {
    let isOver = false;
    const mark = () => {
      isOver = true;
    };
    promise.then(mark, mark);
    for (let steps = 0; !isOver && steps < STEPS_MAX; steps++) await clock.advance(STEP_MS);
    return await promise;
  };
  const options = { clock, random, log: silentLog };
  return {
    ...{ calls, inTime, watches: () => watches },
    roster: () => new MembershipStore({ records, clock, random }).read(),
    join: () => joinStore({ store: { records: bound, fencing } as unknown as Store, ...options }),
    joinAlone: () => joinStore({ store: { records: bound } as unknown as Store, ...options }),
  };
}

test('it listens before it is a member', async () => {
  const { calls, inTime, join } = await world();
  const { membership, leave } = await inTime(join());
  assert.ok(calls.includes('change'));
  assert.equal(calls[0], 'watch');
  assert.ok(membership !== undefined);
  await inTime(leave(true));
});

for (const isClean of [true, false]) {
  test(`it leaves ${isClean ? 'clean' : 'with something under way'}`, async () => {
    const { inTime, join, roster, watches } = await world();
    const { leave } = await inTime(join());
    await inTime(leave(isClean));
    const left = (await roster()).members.map(({ state }) => state);
    assert.deepEqual(left, [isClean ? 'finished' : 'closed']);
    assert.equal(watches(), 0);
  });
}

test('a gateway that could not join listens no longer', async () => {
  const { inTime, join, watches } = await world({ refuses: true });
  await assert.rejects(inTime(join()), { code: 'recordsFull' });
  assert.equal(watches(), 0);
});

test('a store without members has nobody to join', async () => {
  const { calls, joinAlone } = await world();
  const { membership, leave } = await joinAlone();
  await leave(false);
  assert.equal(membership, undefined);
  assert.deepEqual(calls, []);
});
