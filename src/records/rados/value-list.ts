import { assert } from '../../base/assert.ts';
import { checkList } from '../record-arguments.ts';
import type { RecordEntry } from '../records.ts';
import { valueObjects } from './object-names.ts';
import { readOmapKeys, readOmapPage } from './omap-read.ts';
import { type RadosCalls, unavailable } from './rados-calls.ts';
import type { RecordsPool } from './records-pool.ts';
import { dataKeyOf, decodeValue } from './value-entry.ts';

/** Values in one page: of the largest values it would be 16 MiB. */
const PAGE_ENTRIES_MAX = 16;
/** Objects that are read at one time. */
const READS_MAX = 8;
/** Bound on repeated reads of values that change meanwhile, before a list is given up. */
const ROUNDS_MAX = 200;

interface Listed {
  readonly version: number;
  readonly entries: readonly RecordEntry[];
}

/**
 * All values under a prefix, of one moment, although they are in several objects: it reads them
 * all, and then asks for the versions of all objects. If none has changed since it was read, all
 * stood side by side when the asking began; those that have changed are read again.
 */
export class ValueList {
  readonly #pool: RecordsPool;
  readonly #calls: RadosCalls;
  readonly #prefix: string;
  readonly #objects = new Map<string, Listed>();

  constructor(pool: RecordsPool, calls: RadosCalls, prefix: string) {
    this.#pool = pool;
    this.#calls = calls;
    this.#prefix = prefix;
  }

  async read(): Promise<readonly RecordEntry[]> {
    let changed: readonly string[] = valueObjects;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      await inParallel(changed, (object) => this.#readObject(object));
      changed = await this.#changedObjects();
      if (changed.length === 0) return this.#sorted();
    }
    throw unavailable(`the records changed during each of ${ROUNDS_MAX} reads`);
  }

  async #changedObjects(): Promise<readonly string[]> {
    const changed: string[] = [];
    await inParallel(valueObjects, async (object) => {
      const { version } = await readOmapKeys(this.#pool, this.#calls, object, []);
      if (version !== this.#objects.get(object)!.version) changed.push(object);
    });
    return changed;
  }

  async #readObject(object: string): Promise<void> {
    const entries: RecordEntry[] = [];
    const prefix = dataKeyOf(this.#prefix);
    let startAfter = '';
    let version: number | undefined;
    for (let more = true; more; ) {
      const page = { prefix, startAfter, max: PAGE_ENTRIES_MAX };
      const read = await readOmapPage(this.#pool, this.#calls, object, page);
      version ??= read.version;
      for (const [dataKey, bytes] of read.entries) {
        const { stamp: _, ...entry } = decodeValue(dataKey, bytes);
        entries.push(entry);
        startAfter = dataKey;
      }
      // Pages of different versions are of different moments: the first one's shows it later.
      more = read.more && read.entries.size > 0 && read.version === version;
      this.#objects.set(object, { version, entries });
      this.#checkBounds();
    }
  }

  #checkBounds(): void {
    let count = 0;
    let lengthBytes = 0;
    for (const { entries } of this.#objects.values()) {
      count += entries.length;
      for (const { value } of entries) lengthBytes += value.length;
    }
    checkList(count, lengthBytes);
  }

  #sorted(): readonly RecordEntry[] {
    assert(this.#objects.size === valueObjects.length, 'a list has read every object');
    const entries = [...this.#objects.values()].flatMap((listed) => listed.entries);
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: READS_MAX }, worker));
}
