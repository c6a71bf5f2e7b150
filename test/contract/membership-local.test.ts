// The driver `local` keeps the members contract: gateways are processes, and a fence ends one.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import { joinMembership } from '../../src/membership/join-membership.ts';
import { ProcessFencing } from '../../src/membership/process/process-fencing.ts';
import { openLocalRecords } from '../../src/records/local/open-local-records.ts';
import { RecordsProcess } from '../support/records-process.ts';
import { type MembershipContractWorld, membershipContract } from './membership.ts';

async function openWorld(): Promise<MembershipContractWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-members-'));
  const environment = { clock: systemClock, random: systemRandom, log: silentLog };
  const children: RecordsProcess[] = [];
  return {
    async join(name) {
      const records = await openLocalRecords({ directory, memberName: name, ...environment });
      const driver = new ProcessFencing(records.processes);
      const members = await joinMembership({ ...environment, records, driver, instances: [] });
      return {
        members,
        close: async () => {
          await members.leave();
          await records.close();
        },
      };
    },
    async openPuppet(name) {
      const child = new RecordsProcess('serve', directory, name);
      children.push(child);
      const incarnation = (await child.line('ready')).split(' ')[1]!;
      return {
        self: { name, incarnation },
        stop: () => child.stop(),
        resume: async () => child.resume(),
        isOver: () => child.child.exitCode !== null || child.child.signalCode !== null,
        end: () => child.end(),
      };
    },
    async dispose() {
      for (const child of children) await child.end();
      await rm(directory, { recursive: true });
    },
  };
}

membershipContract('local', openWorld);
