// Names of the local store pass on only from a process that has ended, and the end of a member is
// the end of its process and of no other.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { systemRandom } from '../../../../src/host/system-random.ts';
import { silentLog } from '../../../../src/log/log.ts';
import type { LocalRecords } from '../../../../src/records/local/local-records.ts';
import { openLocalRecords } from '../../../../src/records/local/open-local-records.ts';
import { bytes, fails } from '../../../contract/records-world.ts';
import { RecordsProcess } from '../../../support/records-process.ts';

const HANG_MS = 120_000;

describe('processes of a local store', { timeout: 3 * HANG_MS }, () => {
  let directory: string;
  let a: LocalRecords;
  let b: LocalRecords;
  const children: RecordsProcess[] = [];

  function open(memberName: string): Promise<LocalRecords> {
    const environment = { clock: systemClock, random: systemRandom, log: silentLog };
    return openLocalRecords({ directory, memberName, ...environment });
  }

  async function start(name: string) {
    const child = new RecordsProcess('watch', directory, name, 'ask');
    children.push(child);
    const incarnation = (await child.line('ready')).split(' ')[1]!;
    return { child, member: { name, incarnation } };
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'allpath-processes-'));
    [a, b] = await Promise.all([open('a'), open('b')]);
  });
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await Promise.all([a.close(), b.close()]);
    await rm(directory, { recursive: true });
  });

  test('those who have the store open live, each with an incarnation of its own', async () => {
    const c = await open('third');
    for (const records of [a, b, c]) {
      assert.deepEqual(await records.processes.living(), [a.self, b.self, c.self]);
    }
    await c.close();
    assert.deepEqual(await a.processes.living(), [a.self, b.self]);
    assert.equal(await a.processes.end(c.self), true, 'who has left changes nothing any more');
    await assert.rejects(c.processes.living(), fails('recordsClosed'));
    await assert.rejects(c.processes.end(a.self), fails('recordsClosed'));
    const again = await open('third');
    assert.notEqual(again.self.incarnation, c.self.incarnation);
    await again.close();
  });

  test('the name of a living member is refused, and that member is not harmed', async () => {
    await assert.rejects(open('a'), fails('recordsNameTaken'));
    assert.deepEqual(await b.processes.living(), [a.self, b.self]);
    await a.get('still/works');
  });

  test('of several that take one name at one time exactly one gets it', async () => {
    const opened = await Promise.allSettled([1, 2, 3].map(() => open('wanted')));
    const got = opened.filter((result) => result.status === 'fulfilled');
    assert.equal(got.length, 1);
    for (const result of opened) {
      if (result.status === 'rejected') fails('recordsNameTaken')(result.reason);
    }
    const wanted = (await a.processes.living()).filter(({ name }) => name === 'wanted');
    assert.equal(wanted.length, 1);
    await got[0]!.value.close();
  });

  test('what is no name of a member is refused', async () => {
    for (const name of ['', 'a/b', '..\0', 'x'.repeat(65), 'a b']) {
      await assert.rejects(open(name), fails('recordsBadKey'));
    }
  });

  test('a member that was ended is gone, its name free; ending it again is true', async () => {
    const [victim, bystander] = [await start('victim'), await start('w-bystander')];
    await victim.child.stop();
    const stopped = (await a.processes.states()).filter(({ isStopped }) => isStopped);
    assert.deepEqual(
      stopped.map(({ name }) => name),
      ['victim'],
    );
    assert.equal(await a.processes.end(victim.member), true);
    assert.deepEqual(await a.processes.living(), [a.self, b.self, bystander.member]);
    const { answers, missing } = await a.notify('ask', bytes('?'), HANG_MS);
    const from = answers.map((answer) => answer.from);
    assert.deepEqual([from, missing], [[bystander.member], []]);
    const heir = await open('victim');
    assert.equal(await b.processes.end(victim.member), true);
    assert.equal((await heir.processes.living()).length, 4, 'the heir of the name is not touched');
    await heir.close();
    await bystander.child.end();
  });

  test('a process does not end itself', async () => {
    await assert.rejects(a.processes.end(a.self), fails('recordsOwnProcess'));
    await a.get('still/works');
  });
});
