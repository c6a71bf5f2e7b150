// Proves that calls of the store's thread end: done once, in order; refused when too many wait,
// when the database is another's for too long, and when the thread is closed; while this process
// does other work.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import type { Clock } from '../../../../src/base/clock.ts';
import { ownProcessIdentity } from '../../../../src/host/process-identity.ts';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { systemRandom } from '../../../../src/host/system-random.ts';
import { StoreThread } from '../../../../src/records/local/store-thread.ts';
import { RecordingLog } from '../../../support/recording-log.ts';

const bytes = (text: string) => Buffer.from(text);
const CALLS_MAX = 1024;
const FAST = 20;

/** Speed of time for waits that begin: FAST makes a call's bound of 10 s half a second. */
let speed = 1;
const clock: Clock = {
  ...systemClock,
  after: (delayMs, task) => systemClock.after(delayMs / speed, task),
};

let folder: string;
let databasePath: string;
let log: RecordingLog;
const threads: StoreThread[] = [];

beforeEach(() => {
  speed = 1;
  folder = mkdtempSync(join(tmpdir(), 'allpath-store-thread-'));
  databasePath = join(folder, 'records.db');
  log = new RecordingLog();
});

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
  rmSync(folder, { recursive: true });
});

function start(): StoreThread {
  const rest = { isReader: false, self: ownProcessIdentity(), random: systemRandom, log };
  const thread = new StoreThread({ databasePath, clock, ...rest });
  threads.push(thread);
  return thread;
}

/** Another process holds the database, as far as SQLite can tell. */
function lock(): DatabaseSync {
  const holder = new DatabaseSync(databasePath);
  holder.exec('BEGIN IMMEDIATE');
  return holder;
}

test('calls are done once, in the order in which they were made', async () => {
  const thread = start();
  const calls = Array.from({ length: 50 }, (_, version) => {
    return thread.call('compareAndSet', 'a', version, bytes(`${version}`));
  });
  for (const [version, { status }] of (await Promise.all(calls)).entries()) {
    assert.equal(status, 'done', `version ${version}`);
  }
  const found = await thread.call('get', 'a');
  assert.deepEqual([found?.version, Buffer.from(found!.value).toString()], [50, '49']);
});

test('a call waits for another holder of the database, and is then done once', async () => {
  const thread = start();
  await thread.call('get', 'a');
  const holder = lock();
  let isDone = false;
  const set = thread.call('compareAndSet', 'a', 0, bytes('x')).finally(() => {
    isDone = true;
  });
  // Reads need no lock; this one comes after the change was tried.
  await thread.call('get', 'a');
  assert.equal(isDone, false);
  holder.exec('COMMIT');
  holder.close();
  assert.deepEqual(await set, { status: 'done', version: 1 });
});

test('a call that another holder keeps waiting ends, and later ones are done', async () => {
  const thread = start();
  await thread.call('get', 'a');
  const holder = lock();
  speed = FAST;
  await assert.rejects(thread.call('compareAndSet', 'a', 0, bytes('x')), {
    ...{ code: 'recordsUnavailable', message: /did not answer in 10000 ms/ },
  });
  speed = 1;
  holder.exec('COMMIT');
  holder.close();
  // Whether the first one was done is not known; its last attempt may have been under way.
  const other = await thread.call('compareAndSet', 'b', 0, bytes('y'));
  assert.deepEqual(other, { status: 'done', version: 1 });
});

test('a call too many is refused, and the others are done', async () => {
  const thread = start();
  const calls = Array.from({ length: CALLS_MAX }, () => thread.call('get', 'a'));
  await assert.rejects(thread.call('get', 'a'), {
    ...{ code: 'recordsUnavailable', message: /1024 calls wait/ },
  });
  await Promise.all(calls);
  assert.equal(await thread.call('get', 'a'), undefined);
});

test('the reason of a refusal goes through the thread', async () => {
  writeFileSync(databasePath, 'no database '.repeat(1000));
  await assert.rejects(start().call('get', 'a'), { code: 'recordsDamaged', message: /backup/ });
});

test('closing ends what waits, also for another holder, and refuses what comes', async () => {
  const thread = start();
  await thread.call('get', 'a');
  const holder = lock();
  const waiting = assert.rejects(thread.call('compareAndSet', 'a', 0, bytes('x')), {
    code: 'recordsClosed',
  });
  await thread.call('get', 'a');
  await thread.close();
  await waiting;
  await assert.rejects(thread.call('get', 'a'), { code: 'recordsClosed' });
  holder.exec('COMMIT');
  holder.close();
  const again = start();
  assert.equal(await again.call('get', 'a'), undefined, 'it was not done later');
});

test('settling waits for calls under way, and for no longer than it may', async () => {
  const thread = start();
  await thread.call('get', 'a');
  let isDone = false;
  const read = thread.call('get', 'a').then(() => {
    isDone = true;
  });
  await thread.settle(60_000);
  assert.equal(isDone, true);
  await read;
  const holder = lock();
  const set = thread.call('compareAndSet', 'a', 0, bytes('x'));
  await thread.settle(20);
  assert.equal((await Promise.race([set, 'waits'])) as unknown, 'waits');
  holder.exec('COMMIT');
  holder.close();
  await set;
});
