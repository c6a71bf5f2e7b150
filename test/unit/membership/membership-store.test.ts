// Proves that a change of the members object ends in bounded time when the store hangs, goes on
// when it answers again, and is made once although an attempt that was given up lands late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGE_MAX_MS, STORE_ANSWER_MAX_MS } from '../../../src/membership/limits.ts';
import { MembershipStore } from '../../../src/membership/membership-store.ts';
import { drain, open, raiseOwnEpoch } from '../../../src/membership/roster-changes.ts';
import type { Records } from '../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

/** A store whose operations wait while it hangs. */
async function hangingStore() {
  const clock = new VirtualClock();
  const random = new SeededRandom(3);
  const records = await new MemoryRecordsWorld({ clock, random }).open('a');
  const held: (() => void)[] = [];
  let isHanging = false;
  const whenLetGo = (): Promise<void> =>
    isHanging ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
  const hanging = {
    getFields: async (key: string) => {
      await whenLetGo();
      return await records.getFields(key);
    },
    setFields: async (...args: Parameters<Records['setFields']>) => {
      await whenLetGo();
      return await records.setFields(...args);
    },
  } as unknown as Records;
  const store = new MembershipStore({ records: hanging, clock, random });
  const request = { self: records.self, instances: [], passedEpoch: 0, dead: undefined };
  const opened = store.change(open(request));
  await clock.advance(100);
  await opened;
  return {
    ...{ clock, store, self: records.self },
    hang: () => {
      isHanging = true;
    },
    goOn: () => {
      isHanging = false;
      for (const release of held.splice(0)) release();
    },
  };
}

test('a store that hangs costs a bounded time', async () => {
  const { clock, store, self, hang } = await hangingStore();
  for (const change of [
    () => store.change(raiseOwnEpoch(self)),
    () => store.raiseDocumentVersion(9),
  ]) {
    hang();
    const changing = assert.rejects(change(), { code: 'membersUnavailable' });
    let isOver = false;
    void changing.then(() => {
      isOver = true;
    });
    await clock.advance(STORE_ANSWER_MAX_MS);
    assert.equal(isOver, false, 'one silence is not the end');
    await clock.advance(CHANGE_MAX_MS);
    await settle();
    assert.equal(isOver, true);
    await changing;
  }
});

test('a change goes on when the store answers again, and what lands late changes nothing', async () => {
  const { clock, store, self, hang, goOn } = await hangingStore();
  const { revision } = await store.read();
  // The first look is answered; the compare-and-set hangs, and lands after the second.
  let looks = 0;
  const changing = store.change((roster) => {
    looks += 1;
    if (looks === 1) hang();
    return drain(self)(roster);
  });
  await clock.advance(STORE_ANSWER_MAX_MS + 1_000);
  goOn();
  await clock.advance(2 * STORE_ANSWER_MAX_MS);
  assert.equal((await changing).members[0]?.isDraining, true);
  assert.equal((await store.read()).revision, revision + 1);
  assert.ok(looks >= 2, 'the outcome of the first was not known');
});
