// What a `RecordsProcess` runs: PART DIRECTORY NAME ARGUMENT.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { silentLog } from '../../src/log/log.ts';
import { joinMembership } from '../../src/membership/join-membership.ts';
import { ProcessFencing } from '../../src/membership/process/process-fencing.ts';
import { openLocalRecords } from '../../src/records/local/open-local-records.ts';

const [part, directory, name, argument] = process.argv.slice(2) as [string, string, string, string];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function open() {
  const environment = { clock: systemClock, random: systemRandom, log: silentLog };
  return openLocalRecords({ directory, memberName: name, ...environment });
}

const parts: Record<string, () => Promise<void>> = {
  /** Answers notifications of the channel ARGUMENT. */
  async watch() {
    const records = await open();
    const onNotify = (message: Uint8Array) => Buffer.concat([Buffer.from('echo:'), message]);
    await records.watch(argument, { onNotify, onLost() {} });
    say(`ready ${records.self.incarnation}`);
  },

  /** A gateway that is a member and serves. */
  async serve() {
    const records = await open();
    const driver = new ProcessFencing(records.processes);
    const environment = { clock: systemClock, random: systemRandom, log: silentLog };
    const members = await joinMembership({ ...environment, records, driver, instances: [] });
    await members.admit();
    say(`ready ${records.self.incarnation}`);
  },

  /** Changes records of its own in turn, as fast as it can; says what was acknowledged. */
  async write() {
    const records = await open();
    say(`ready ${records.self.incarnation}`);
    for (let round = 1; ; round++) {
      const key = `${argument}/${round % 4}`;
      const expected = (await records.get(key))?.version ?? 0;
      const value = Buffer.from(`${round} `.repeat(100));
      const set = await records.compareAndSet(key, expected, value);
      if (set.status === 'done') say(`done ${key} ${set.version} ${round}`);
    }
  },

  /** Holds a transaction open, in this thread, for ARGUMENT milliseconds once it has begun. */
  async hold() {
    const records = await open();
    const database = new DatabaseSync(join(directory, 'records', 'records.db'));
    database.exec('BEGIN IMMEDIATE');
    database.exec("INSERT OR REPLACE INTO record VALUES ('held', 1, x'00')");
    say(`holding ${records.self.incarnation}`);
    await new Promise((resolve) => setTimeout(resolve, Number(argument)));
    database.exec('COMMIT');
    database.close();
    say('committed');
    await records.close();
    say('closed');
  },

  /** Opens and closes. The process then ends by itself. */
  async visit() {
    const records = await open();
    await records.watch('visit', { onNotify: (message) => message, onLost() {} });
    await records.close();
    say('closed');
  },
};

await parts[part]!();
