// The driver `local` keeps the records contract, at a path too deep for a socket's address.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import { openLocalRecords } from '../../src/records/local/open-local-records.ts';
import { RecordsProcess } from '../support/records-process.ts';
import { recordsContract } from './records.ts';
import type { RecordsWorld } from './records-world.ts';

async function openWorld(): Promise<RecordsWorld> {
  const temporary = await mkdtemp(join(tmpdir(), 'allpath-records-'));
  const directory = join(temporary, 'deep-'.repeat(40), 'store');
  const environment = { clock: systemClock, random: systemRandom, log: silentLog };
  return {
    open: (memberName) => openLocalRecords({ directory, memberName, ...environment }),
    async openPuppet(name, channel) {
      const child = new RecordsProcess('watch', directory, name, channel);
      const [, incarnation] = (await child.line('ready')).split(' ');
      return {
        member: { name, incarnation: incarnation! },
        stop: () => child.stop(),
        resume: async () => child.resume(),
        end: () => child.end(),
      };
    },
    loseWatches: () => rm(join(directory, 'run'), { recursive: true }),
    dispose: () => rm(temporary, { recursive: true }),
  };
}

recordsContract('local', openWorld);
