// Proves, with real processes of one host, that a gateway is a member: status lists it, a fence
// that is asked for ends its process and it serves again, and one that was killed is fenced.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PREVIOUS_VARIABLE } from '../../src/gateway/supervisor-messages.ts';
import { Demo } from '../support/demo.ts';
import { run } from '../support/run.ts';
import { waitFor } from '../support/wait-for.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const LIMIT_MS = 60_000;

interface ListedMember {
  readonly name: string;
  readonly incarnation: string;
  readonly start: number;
  readonly state: string;
}

describe('gateways of one host as members', { timeout: 4 * LIMIT_MS }, () => {
  let folder: string;
  let store: string;
  let demo: Demo;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'allpath-fence-'));
    store = join(folder, 'store');
    demo = await Demo.start({ gateways: 2, store });
  });
  after(async () => {
    await demo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const allpath = (...words: string[]) =>
    run(program, [...words, '--store', store, '--json'], LIMIT_MS);

  async function listed(): Promise<readonly ListedMember[]> {
    const { stdout, stderr } = await allpath('status');
    assert.equal(stderr, '');
    return JSON.parse(stdout).members.list as readonly ListedMember[];
  }

  /** Polls a command: it holds in the end, or the test times out. */
  async function until(holds: (list: readonly ListedMember[]) => boolean) {
    for (;;) {
      const list = await listed();
      if (holds(list)) return list;
      await delay(100);
    }
  }

  const isServing = (list: readonly ListedMember[], ...names: string[]) =>
    names.every((name) => list.some((each) => each.name === name && each.state === 'serving'));

  test('status lists the members that serve', async () => {
    const names = [demo.processOf(0).name, demo.processOf(1).name];
    const list = await until((each) => isServing(each, ...names));
    assert.equal(list.length, 2);
  });

  test('a requested fence ends the process; a later incarnation serves again', async () => {
    const before = demo.processOf(0);
    const other = demo.processOf(1);
    const first = (await listed()).find(({ name }) => name === before.name)!;
    const { code, stdout, stderr } = await allpath('fence', before.name);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { fenced: before.name, by: other.name });
    await waitFor('another process', () => demo.processOf(0).pid !== before.pid, LIMIT_MS);
    const list = await until((each) => isServing(each, before.name, other.name));
    const again = list.find(({ name, state }) => name === before.name && state === 'serving')!;
    assert.ok(again.start > first.start);
    assert.equal(demo.processOf(1).pid, other.pid, 'the other one is not touched');
  });

  test('a killed gateway is fenced without a request, and serves again', async () => {
    const before = demo.processOf(1);
    const first = (await listed()).find(
      ({ name, state }) => name === before.name && state === 'serving',
    )!;
    demo.signal(before, 'SIGKILL');
    await waitFor('another process', () => demo.processOf(1).pid !== before.pid, LIMIT_MS);
    const { pid } = demo.processOf(1);
    const words = (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
    const told = `${PREVIOUS_VARIABLE}=${first.incarnation}`;
    assert.ok(words.includes(told), 'it is told which incarnation has ended for certain');
    await until((list) => {
      const old = list.find(({ start }) => start === first.start);
      return (old === undefined || old.state === 'fenced') && isServing(list, before.name);
    });
  });

  test('a gateway that is not there cannot be fenced', async () => {
    const { code, stderr } = await allpath('fence', 'nobody');
    assert.equal(code, 1);
    assert.equal(JSON.parse(stderr).error.code, 'fenceUnknown');
  });
});
