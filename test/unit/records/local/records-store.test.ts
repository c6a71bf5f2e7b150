// The store's file: another release's and another program's are refused, a locked one is not waited
// for, and what was committed is there after it is opened again.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { RecordsStore } from '../../../../src/records/local/records-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'allpath-store-'));
after(() => rmSync(folder, { recursive: true }));

/** Less than SQLite waits where it is told to. */
const WAIT_MS = 1000;
const CALLS_MAX = 10;

test('records, versions and fields outlive the store that made them', () => {
  const path = join(folder, 'kept.db');
  const first = new RecordsStore(path);
  first.compareAndSet('a', 0, Buffer.from('1'));
  first.compareAndSet('b', 0, Buffer.from('2'));
  first.compareAndSet('b', 1, undefined);
  first.setFields('m', { x: Buffer.from('y') }, undefined);
  first.close();
  const second = new RecordsStore(path);
  assert.deepEqual(
    second.list('').map(({ key, version }) => [key, version]),
    [['a', 1]],
  );
  assert.deepEqual(second.compareAndSet('b', 0, Buffer.from('3')), { status: 'done', version: 3 });
  assert.deepEqual([...second.getFields('m').keys()], ['x']);
  second.close();
});

test('a file of another release, of another program, and garbage are refused', () => {
  const newer = join(folder, 'newer.db');
  new RecordsStore(newer).close();
  const database = new DatabaseSync(newer);
  database.exec('PRAGMA user_version = 2');
  database.close();
  assert.throws(() => new RecordsStore(newer), { code: 'recordsUnsuitable', message: /format 2/ });
  const foreign = join(folder, 'foreign.db');
  const other = new DatabaseSync(foreign);
  other.exec('CREATE TABLE t (a); PRAGMA user_version = 1');
  other.close();
  assert.throws(() => new RecordsStore(foreign), { code: 'recordsUnsuitable' });
  const garbage = join(folder, 'garbage.db');
  writeFileSync(garbage, 'no database '.repeat(1000));
  assert.throws(() => new RecordsStore(garbage), /not a database/);
});

test('a store that is locked is not waited for, and a call that found it so changed nothing', () => {
  const path = join(folder, 'locked.db');
  const store = new RecordsStore(path);
  const holder = new DatabaseSync(path);
  holder.exec('BEGIN IMMEDIATE');
  // A machine that is slow at one call is not so at every one.
  let shortestMs = Number.POSITIVE_INFINITY;
  for (let calls = 0; shortestMs > WAIT_MS && calls < CALLS_MAX; calls++) {
    const begunMs = performance.now();
    assert.throws(() => store.compareAndSet('a', 0, Buffer.from('1')), /locked/);
    shortestMs = Math.min(shortestMs, performance.now() - begunMs);
  }
  assert.ok(shortestMs <= WAIT_MS);
  holder.exec('COMMIT');
  assert.deepEqual(store.compareAndSet('a', 0, Buffer.from('1')), { status: 'done', version: 1 });
  holder.close();
  store.close();
});
