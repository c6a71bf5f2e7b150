import { assert } from '../../base/assert.ts';
import { ECANCELED, EEXIST, ENOENT, EOVERFLOW, ERANGE } from '../../ceph/errno.ts';
import { OMAP_PAGE_MAX, type WriteStep } from '../../ceph/object-steps.ts';
import { checkFieldTotals } from '../record-arguments.ts';
import { FIELDS_LENGTH_MAX, FIELDS_MAX, type FieldGuard } from '../records.ts';
import { fieldsObjectOf, fieldsPrefixOf } from './object-names.ts';
import { readOmapPage } from './omap-read.ts';
import { type RadosCalls, unavailable } from './rados-calls.ts';
import type { RecordsPool } from './records-pool.ts';
import { decodeField, encodeField } from './value-entry.ts';

type Fields = Readonly<Record<string, Uint8Array | undefined>>;

/** How often what other writers changed meanwhile is read again before it is given up. */
const ATTEMPTS_MAX = 100;
/** The most maps whose totals are kept; any is forgotten, and read again when it is needed. */
const TOTALS_MAX = 1024;
const ABSENT = new Uint8Array(0);

interface Totals {
  readonly count: number;
  readonly lengthBytes: number;
}

/** Maps of fields: each is the omap of an object of its own. */
export class FieldObjects {
  readonly #pool: RecordsPool;
  readonly #calls: RadosCalls;
  /** At most so much is in each map, as far as this member has seen. */
  readonly #totals = new Map<string, Totals>();

  constructor(pool: RecordsPool, calls: RadosCalls) {
    this.#pool = pool;
    this.#calls = calls;
  }

  async get(key: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return (await this.#read(key)).fields;
  }

  /**
   * One operation as a rule. A map that was more than half full when this member last saw it is
   * read first, and the change then requires that no other has changed it since.
   */
  async set(key: string, fields: Fields, guard: FieldGuard | undefined): Promise<boolean> {
    if (!this.#totals.has(key) || Object.keys(fields).length === 0) await this.#read(key);
    const totals = sumOf(this.#totals.get(key)!, totalsOf(Object.values(fields)));
    if (totals.count > FIELDS_MAX / 2 || totals.lengthBytes > FIELDS_LENGTH_MAX / 2) {
      return await this.#setCounting(key, fields, guard);
    }
    this.#totals.set(key, totals);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const steps = stepsOf(key, fields, guard);
      if (steps.length === 0) return true;
      const errno = await this.#change(key, steps);
      if (errno === 0) return true;
      if (errno === ECANCELED) return false;
      if (errno !== ENOENT) throw this.#failure(key, errno);
      // No such object: a guard that asks for a value does not hold; else it is made.
      if (guard?.equals !== undefined) return false;
      if (Object.values(fields).every((value) => value === undefined)) return true;
      await this.#create(key);
    }
    throw unavailable(`the fields of ${key} could not be made`);
  }

  /** The same, with the bounds of a map kept exactly. */
  async #setCounting(key: string, fields: Fields, guard: FieldGuard | undefined): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const { version, fields: current } = await this.#read(key);
      if (guard !== undefined && !same(current.get(guard.field), guard.equals)) return false;
      const next = new Map<string, Uint8Array | undefined>([...current, ...Object.entries(fields)]);
      const totals = totalsOf([...next.values()]);
      checkFieldTotals(totals.count, totals.lengthBytes);
      const first: WriteStep =
        version === 0 ? { step: 'create', exclusive: true } : { step: 'assertVersion', version };
      const errno = await this.#change(key, [first, ...stepsOf(key, fields, undefined)]);
      if (errno === 0) {
        this.#keepTotals(key, totals);
        return true;
      }
      if (![EEXIST, ENOENT, ERANGE, EOVERFLOW].includes(errno)) throw this.#failure(key, errno);
    }
    throw unavailable(`${ATTEMPTS_MAX} changes of the fields of ${key} came between`);
  }

  /** The fields as they were at one moment, and the object's version then. */
  async #read(key: string): Promise<{ version: number; fields: Map<string, Uint8Array> }> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const read = await this.#readPages(key);
      if (read === undefined) continue;
      this.#keepTotals(key, totalsOf([...read.fields.values()]));
      return read;
    }
    throw unavailable(`the fields of ${key} changed during each of ${ATTEMPTS_MAX} reads`);
  }

  /** Undefined if they changed between two pages. */
  async #readPages(
    key: string,
  ): Promise<{ version: number; fields: Map<string, Uint8Array> } | undefined> {
    const prefix = fieldsPrefixOf(key);
    const fields = new Map<string, Uint8Array>();
    let startAfter = '';
    let version: number | undefined;
    for (let more = true; more; ) {
      const page = { prefix, startAfter, max: OMAP_PAGE_MAX };
      const read = await readOmapPage(this.#pool, this.#calls, fieldsObjectOf(key), page);
      version ??= read.version;
      if (version !== read.version) return undefined;
      for (const [omapKey, bytes] of read.entries) {
        const name = omapKey.slice(prefix.length);
        fields.set(name, decodeField(name, bytes));
        startAfter = omapKey;
      }
      more = read.more;
    }
    return { version: version!, fields };
  }

  async #change(key: string, steps: readonly WriteStep[]): Promise<number> {
    const object = fieldsObjectOf(key);
    return (await this.#calls.bounded(this.#pool.operate(object, steps))).errno;
  }

  async #create(key: string): Promise<void> {
    const errno = await this.#change(key, [{ step: 'create', exclusive: true }]);
    if (errno < 0 && errno !== EEXIST) throw this.#failure(key, errno);
  }

  #failure(key: string, errno: number): Error {
    return this.#calls.failure(errno, `changing the fields of ${key}`);
  }

  #keepTotals(key: string, totals: Totals): void {
    const [oldest] = this.#totals.keys();
    if (this.#totals.size >= TOTALS_MAX) this.#totals.delete(oldest!);
    this.#totals.set(key, totals);
    assert(this.#totals.size <= TOTALS_MAX, 'the totals that are kept are bounded');
    assert(totals.count >= 0 && totals.lengthBytes >= 0, 'totals are not negative');
  }
}

function stepsOf(key: string, fields: Fields, guard: FieldGuard | undefined): WriteStep[] {
  const prefix = fieldsPrefixOf(key);
  const steps: WriteStep[] = [];
  if (guard !== undefined) {
    const value = guard.equals === undefined ? ABSENT : encodeField(guard.equals);
    steps.push({ step: 'omapCmp', key: `${prefix}${guard.field}`, comparison: 'eq', value });
  }
  const names = Object.keys(fields);
  for (const kept of chunksOf(names.filter((name) => fields[name] !== undefined))) {
    const entries = kept.map((name) => [`${prefix}${name}`, encodeField(fields[name]!)] as const);
    steps.push({ step: 'omapSet', entries });
  }
  for (const removed of chunksOf(names.filter((name) => fields[name] === undefined))) {
    steps.push({ step: 'omapRemove', keys: removed.map((name) => `${prefix}${name}`) });
  }
  return steps;
}

function chunksOf(names: readonly string[]): string[][] {
  const count = Math.ceil(names.length / OMAP_PAGE_MAX);
  return Array.from({ length: count }, (_, index) =>
    names.slice(index * OMAP_PAGE_MAX, (index + 1) * OMAP_PAGE_MAX),
  );
}

function totalsOf(values: readonly (Uint8Array | undefined)[]): Totals {
  const kept = values.filter((value) => value !== undefined);
  return { count: kept.length, lengthBytes: kept.reduce((sum, { length }) => sum + length, 0) };
}

function sumOf(a: Totals, b: Totals): Totals {
  return { count: a.count + b.count, lengthBytes: a.lengthBytes + b.lengthBytes };
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
