// The driver `memory` keeps the members contract: heartbeats, a blocklist, and barriers.

import { describe } from 'node:test';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import { joinMembership } from '../../src/membership/join-membership.ts';
import type { Records } from '../../src/records/records.ts';
import { MemoryCluster, MemoryFencing } from '../doubles/memory-fencing.ts';
import { MemoryRecordsWorld } from '../doubles/memory-records-world.ts';
import { PausableClock } from '../support/pausable-clock.ts';
import {
  type MemberPuppet,
  type MembershipContractWorld,
  membershipContract,
} from './membership.ts';

async function openWorld(delayMaxMs: number): Promise<MembershipContractWorld> {
  const environment = { clock: systemClock, random: systemRandom, log: silentLog };
  const world = new MemoryRecordsWorld({ ...environment, delayMaxMs });
  const cluster = new MemoryCluster();
  const puppets: MemberPuppet[] = [];
  async function join(records: Records, clock = systemClock) {
    const address = records.self.incarnation;
    const driver = new MemoryFencing(cluster, (fenced) => {
      world.fence({ name: '', incarnation: fenced });
    });
    driver.openInstance(address);
    const instances = [{ address, kind: 'records' as const }];
    return await joinMembership({ ...environment, clock, records, driver, instances });
  }
  return {
    async join(name) {
      const records = await world.open(name);
      try {
        const members = await join(records);
        return {
          members,
          close: async () => {
            await members.leave();
            await records.close();
          },
        };
      } catch (error) {
        await records.close();
        throw error;
      }
    },
    async openPuppet(name) {
      const records = await world.open(name);
      const { self } = records;
      const clock = new PausableClock(systemClock);
      const members = await join(records, clock);
      await members.admit();
      let isClosed = false;
      members.listen({
        onClosed: () => {
          isClosed = true;
        },
      });
      const puppet: MemberPuppet = {
        self,
        stop: async () => {
          clock.pause();
          world.stop(self);
        },
        resume: async () => {
          world.resume(self);
          clock.resume();
        },
        isOver: () => isClosed,
        end: async () => {
          clock.kill();
          world.stop(self);
        },
      };
      puppets.push(puppet);
      return puppet;
    },
    async dispose() {
      for (const puppet of puppets) await puppet.end();
    },
  };
}

// Both mostly wait for heartbeats.
describe('at the same time', { concurrency: 2 }, () => {
  membershipContract('memory', () => openWorld(0));
  membershipContract('memory with delays', () => openWorld(3));
});
