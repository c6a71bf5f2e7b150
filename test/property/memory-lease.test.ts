// Proves that no fence of a member is finished while its memory may be answered from: over random
// silences of store, monitors and witnesses, pauses, and fences that are asked for, the lease of a
// member is over, or the member knows that it is closed, when the members object calls it finished.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MembershipWorld, type SimGateway } from '../support/membership-world.ts';

const SEEDS = 40;
const STEPS = 60;

test('a fence is finished when the lease of the fenced one is over', async () => {
  let [fenced, unaware] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const world = new MembershipWorld(seed, { delayMaxMs: 40 });
    const { random, clock } = world;
    const gateways = await world.serving('a', 'b', 'c');
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      const { members } = await world.read();
      for (const { incarnation, state, hasLeft } of members) {
        if (state !== 'finished' || hasLeft || seen.has(incarnation)) continue;
        seen.add(incarnation);
        const gateway = gateways.find(({ self }) => self.incarnation === incarnation)!;
        fenced++;
        if (gateway.closed !== undefined) continue;
        unaware++;
        const { untilMs } = gateway.members!.memoryLease;
        assert.ok(untilMs <= clock.now(), `seed ${seed}: ${gateway.name} may answer from memory`);
      }
    };
    for (let step = 0; step < STEPS; step++) {
      disturb(world, random.pick(gateways), gateways);
      const endMs = clock.now() + random.below(1_000);
      while (clock.now() < endMs) {
        await clock.advance(50);
        await look();
      }
    }
  }
  assert.ok(fenced >= SEEDS, `only ${fenced} fences`);
  assert.ok(unaware > 0, 'a fenced one did not know of it');
});

function disturb({ random }: MembershipWorld, one: SimGateway, all: readonly SimGateway[]): void {
  const isSet = random.below(2) === 0;
  const victim = random.pick(all);
  const disturbances: readonly (() => void)[] = [
    () => one.set({ isStoreSilent: isSet }),
    () => one.set({ isMonitorSilent: isSet }),
    () => one.set({ areWitnessesSilent: isSet }),
    () => (one.isPaused ? one.resume() : one.pause()),
    () => {
      if (victim !== one) one.members!.fence(victim.self).catch(() => {});
    },
    () => {
      for (const each of all) each.set({ isStoreSilent: false, isMonitorSilent: false });
    },
  ];
  random.pick(disturbances)();
}
