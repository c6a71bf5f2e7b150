// Who is a member is told by the names that are held, not by files that anybody may take away; a
// name held from another PID namespace counts for as long as its member shows itself.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../../../../src/base/clock.ts';
import { ownProcessIdentity, type ProcessIdentity } from '../../../../src/host/process-identity.ts';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { systemRandom } from '../../../../src/host/system-random.ts';
import { silentLog } from '../../../../src/log/log.ts';
import type { LocalRecords } from '../../../../src/records/local/local-records.ts';
import { MemberFolder } from '../../../../src/records/local/member-folder.ts';
import { openLocalRecords } from '../../../../src/records/local/open-local-records.ts';
import { RecordsStore } from '../../../../src/records/local/records-store.ts';

const HANG_MS = 120_000;
const own = ownProcessIdentity();

/** Nothing falls due: no member looks by itself whether the others still find it. */
const stillClock: Clock = { ...systemClock, after: () => ({ cancel() {} }) };

type Open = (name: string) => Promise<LocalRecords>;

async function inStore(body: (open: Open, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-members-'));
  const opened: LocalRecords[] = [];
  const rest = { clock: stillClock, random: systemRandom, log: silentLog };
  try {
    await body(async (memberName) => {
      const records = await openLocalRecords({ directory, memberName, ...rest });
      opened.push(records);
      return records;
    }, directory);
  } finally {
    for (const records of opened) await records.close();
    await rm(directory, { recursive: true });
  }
}

/** Has the name held by a process, as one that is killed leaves it behind. */
function hold(directory: string, name: string, incarnation: string, process: ProcessIdentity) {
  const store = new RecordsStore(join(directory, 'records', 'records.db'));
  assert.equal(store.claimName({ name, incarnation, process }, undefined), true);
  store.close();
}

test('members whose files are taken away are members still', { timeout: HANG_MS }, () =>
  inStore(async (open, directory) => {
    const a = await open('a');
    const b = await open('b');
    await rm(join(directory, 'run'), { recursive: true });
    for (const records of [a, b])
      assert.deepEqual(await records.processes.living(), [a.self, b.self]);
    // The watch makes a write its entry again; b, whose clock stands still, does not.
    const watch = await a.watch('x', { onNotify: (message) => message, onLost() {} });
    const c = await open('c');
    for (const records of [a, b, c]) {
      assert.deepEqual(await records.processes.living(), [a.self, b.self, c.self]);
    }
    await watch.close();
    await b.close();
    assert.deepEqual(await a.processes.living(), [a.self, c.self]);
  }),
);

test('a name that an ended process left held is no member', { timeout: HANG_MS }, () =>
  inStore(async (open, directory) => {
    const a = await open('a');
    hold(directory, 'killed', '1'.repeat(32), { ...own, startTicks: own.startTicks - 1 });
    hold(directory, 'of another boot', '2'.repeat(32), { ...own, bootId: 'another boot' });
    assert.deepEqual(await a.processes.living(), [a.self]);
  }),
);

test('a member of another PID namespace counts while it shows itself', { timeout: HANG_MS }, () =>
  inStore(async (open, directory) => {
    const a = await open('a');
    const incarnation = '3'.repeat(32);
    const foreign = { ...own, pidNamespace: 'another' };
    hold(directory, 'foreign', incarnation, foreign);
    assert.deepEqual(await a.processes.living(), [a.self], 'what it left behind is no member');
    const folder = new MemberFolder(join(directory, 'run'), own, silentLog);
    await folder.show({ name: 'foreign', incarnation, process: foreign, channels: [] });
    assert.deepEqual(await a.processes.living(), [a.self, { name: 'foreign', incarnation }]);
  }),
);
