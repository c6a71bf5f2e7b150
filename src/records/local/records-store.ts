import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { checkFieldTotals, checkList } from '../record-arguments.ts';
import type { CompareAndSetResult, FieldGuard, RecordEntry } from '../records.ts';
import type { NameClaim } from './name-claim.ts';

/** Raised by one for every change of the schema that an older release cannot work with. */
const SCHEMA_VERSION = 1;
/** 'APTH': marks the file as a store of records. */
const APPLICATION_ID = 0x41505448;
/** SQLite's own wait for a lock; it blocks this thread, so the patience lies with the caller. */
const BUSY_TIMEOUT_MS = 4;
/** The size to which the write-ahead log is truncated after a checkpoint. */
const LOG_LENGTH_MAX_BYTES = 16 * 1024 * 1024;
/** The growth of the log after room was made: less than the freed space. */
const ROOM_LENGTH_BYTES = 192 * 1024;
/** Above every character of a key: ends a range of keys that begin alike. */
const AFTER_KEYS = '\u007f';

/*
 * `floor` is the highest version a deleted record had: a recreated record continues from there, so
 * that no version is reused and no trace of a deleted record is needed.
 */
const SCHEMA = `
  CREATE TABLE record (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
  CREATE TABLE field (
    key TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (key, name)
  ) STRICT;
  CREATE TABLE floor (version INTEGER NOT NULL) STRICT;
  INSERT INTO floor VALUES (0);
  CREATE TABLE claim (
    name TEXT PRIMARY KEY, incarnation TEXT NOT NULL, pid INTEGER NOT NULL,
    start_ticks INTEGER NOT NULL, boot_id TEXT NOT NULL, pid_namespace TEXT NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

type Row = Record<string, SQLOutputValue>;

/**
 * The records of one store, in SQLite, synchronously: it runs in a worker thread. Every method is
 * one transaction, durable when it returns. A method that finds the database locked throws, has
 * changed nothing, and may be called again.
 */
export class RecordsStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** A reader opens an existing database, and changes nothing. */
  constructor(path: string, isReader = false) {
    this.#path = path;
    if (!isReader) makePrivate(path);
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: isReader });
    try {
      if (!isReader) this.#prepareDatabase(path);
      else if (!this.#isPrepared(path)) throw new Failure('recordsUnsuitable', `${path} is empty`);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Room was just made in a full file system: takes it for the write-ahead log before others do,
   * and has the log begin again where all of it is in the database.
   */
  takeRoom(): void {
    try {
      // No process appends to the log meanwhile; bytes behind its frames have no valid checksum.
      this.#transaction(() => lengthen(`${this.#path}-wal`));
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // Another process is in the way, or was faster: the call that needs the room will tell.
    }
  }

  /** Does nothing; that the store was opened is the answer. */
  open(): void {}

  get(key: string): RecordEntry | undefined {
    const row = this.#row('SELECT key, version, value FROM record WHERE key = ?', key);
    return row === undefined ? undefined : entryOf(row);
  }

  compareAndSet(key: string, expected: number, value: Uint8Array | undefined): CompareAndSetResult {
    return this.#transaction(() => {
      const current = this.get(key);
      if ((current?.version ?? 0) !== expected) return { status: 'conflict', current };
      const version = (current?.version ?? this.#floor()) + 1;
      assert(Number.isSafeInteger(version) && version > expected, 'a version is never used twice');
      if (value !== undefined) {
        this.#run('INSERT OR REPLACE INTO record VALUES (?, ?, ?)', key, version, value);
      } else if (current !== undefined) {
        this.#run('DELETE FROM record WHERE key = ?', key);
        this.#run('UPDATE floor SET version = max(version, ?)', version);
        assert(this.#floor() >= version, 'what is made later counts on from a deleted version');
      } else {
        return { status: 'done', version: 0 };
      }
      return { status: 'done', version };
    });
  }

  list(prefix: string): readonly RecordEntry[] {
    const sql = 'SELECT key, version, value FROM record WHERE key >= ? AND key < ? ORDER BY key';
    const entries: RecordEntry[] = [];
    let lengthBytes = 0;
    for (const row of this.#statement(sql).iterate(prefix, prefix + AFTER_KEYS)) {
      const entry = entryOf(row);
      lengthBytes += entry.value.length;
      entries.push(entry);
      checkList(entries.length, lengthBytes);
    }
    return entries;
  }

  setFields(
    key: string,
    fields: Readonly<Record<string, Uint8Array | undefined>>,
    guard: FieldGuard | undefined,
  ): boolean {
    return this.#transaction(() => {
      if (guard !== undefined && !this.#holds(key, guard)) return false;
      for (const [name, value] of Object.entries(fields)) {
        if (value === undefined) {
          this.#run('DELETE FROM field WHERE key = ? AND name = ?', key, name);
        } else {
          this.#run('INSERT OR REPLACE INTO field VALUES (?, ?, ?)', key, name, value);
        }
      }
      const row = this.#row(
        'SELECT count(*) AS fields, total(length(value)) AS bytes FROM field WHERE key = ?',
        key,
      );
      const [count, lengthBytes] = [Number(row?.['fields']), Number(row?.['bytes'])];
      assert(count >= 0 && lengthBytes >= 0, 'a map of fields has a size');
      checkFieldTotals(count, lengthBytes);
      return true;
    });
  }

  getFields(key: string): ReadonlyMap<string, Uint8Array> {
    const rows = this.#rows('SELECT name, value FROM field WHERE key = ? ORDER BY name', key);
    return new Map(rows.map((row) => [row['name'] as string, row['value'] as Uint8Array]));
  }

  claims(): readonly NameClaim[] {
    return this.#rows('SELECT * FROM claim ORDER BY name').map(claimOf);
  }

  /** Takes `claim.name` if it is still held by the incarnation `previous` (undefined: by none). */
  claimName(claim: NameClaim, previous: string | undefined): boolean {
    return this.#transaction(() => {
      const row = this.#row('SELECT incarnation FROM claim WHERE name = ?', claim.name);
      if ((row?.['incarnation'] as string | undefined) !== previous) return false;
      const { pid, startTicks, bootId, pidNamespace } = claim.process;
      assert(claim.incarnation !== previous, 'an incarnation takes a name once');
      assert(Number.isSafeInteger(pid) && pid > 0, 'a claim names its process');
      this.#run(
        'INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?, ?)',
        ...[claim.name, claim.incarnation, pid, startTicks, bootId, pidNamespace],
      );
      return true;
    });
  }

  releaseName(incarnation: string): void {
    this.#transaction(() => this.#run('DELETE FROM claim WHERE incarnation = ?', incarnation));
  }

  #prepareDatabase(path: string): void {
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec('PRAGMA synchronous = FULL');
    this.#database.exec(`PRAGMA journal_size_limit = ${LOG_LENGTH_MAX_BYTES}`);
    if (this.#isPrepared(path)) return;
    this.#transaction(() => {
      if (!this.#isPrepared(path)) this.#database.exec(SCHEMA);
    });
  }

  /** False for an empty database. Throws for one that is not a store of this release. */
  #isPrepared(path: string): boolean {
    const [version, application] = ['user_version', 'application_id'].map((name) => {
      return Number(this.#database.prepare(`PRAGMA ${name}`).get()?.[name]);
    });
    if (version === 0 && application === 0) return false;
    if (application !== APPLICATION_ID) {
      throw new Failure('recordsUnsuitable', `${path} is not a store of Allpath: check --store`, {
        path,
      });
    }
    if (version === SCHEMA_VERSION) return true;
    throw new Failure(
      'recordsUnsuitable',
      `${path} has format ${version}; this release works with format ${SCHEMA_VERSION}: use the ` +
        'release that wrote it, or a later one',
      { path, version },
    );
  }

  #floor(): number {
    return Number(this.#row('SELECT version FROM floor')?.['version']);
  }

  #holds(key: string, guard: FieldGuard): boolean {
    const sql = 'SELECT value FROM field WHERE key = ? AND name = ?';
    const value = this.#row(sql, key, guard.field)?.['value'] as Uint8Array | undefined;
    if (value === undefined || guard.equals === undefined) return value === guard.equals;
    return Buffer.compare(value, guard.equals) === 0;
  }

  #transaction<T>(work: () => T): T {
    assert(!this.#database.isTransaction, 'a transaction is not nested');
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } finally {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    }
  }

  #row(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  #rows(sql: string, ...values: (string | number)[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function entryOf(row: Row): RecordEntry {
  return {
    key: row['key'] as string,
    version: row['version'] as number,
    value: row['value'] as Uint8Array,
  };
}

function claimOf(row: Row): NameClaim {
  return {
    name: row['name'] as string,
    incarnation: row['incarnation'] as string,
    process: {
      pid: row['pid'] as number,
      startTicks: row['start_ticks'] as number,
      bootId: row['boot_id'] as string,
      pidNamespace: row['pid_namespace'] as string,
    },
  };
}

/**
 * The records hold secrets: only their owner may read them. SQLite gives its other files the same
 * mode.
 */
function makePrivate(path: string): void {
  try {
    // Only a file that is not open yet: closing one drops all of this process's locks on it.
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Appends zeros to a file while there is room. The log has no locks that closing would drop. */
function lengthen(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    const { size } = fstatSync(descriptor);
    const zeros = new Uint8Array(ROOM_LENGTH_BYTES);
    if (size < LOG_LENGTH_MAX_BYTES) writeSync(descriptor, zeros, 0, zeros.length, size);
  } finally {
    closeSync(descriptor);
  }
}
