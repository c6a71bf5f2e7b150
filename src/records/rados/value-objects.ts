import { assert } from '../../base/assert.ts';
import { ECANCELED, EEXIST, ENOENT } from '../../ceph/errno.ts';
import type { WriteStep } from '../../ceph/object-steps.ts';
import type { CompareAndSetResult, RecordEntry } from '../records.ts';
import { VALUE_OBJECTS, valueObjectOf } from './object-names.ts';
import { readOmapKeys } from './omap-read.ts';
import { type RadosCalls, unavailable } from './rados-calls.ts';
import type { RecordsPool } from './records-pool.ts';
import { UnknownWrites } from './unknown-writes.ts';
import {
  dataKeyOf,
  decodeValue,
  decodeVersion,
  encodeValue,
  encodeVersion,
  FLOOR_KEY,
  type ValueEntry,
  versionKeyOf,
} from './value-entry.ts';

/** Bound on retries of a change when the deletion of another key interferes. */
const ATTEMPTS_MAX = 100;
const ABSENT = new Uint8Array(0);

interface Change {
  readonly key: string;
  readonly expected: number;
  readonly value: Uint8Array | undefined;
}

/** The values of keys: each is two entries in the omap of one of a fixed number of objects. */
export class ValueObjects {
  readonly #pool: RecordsPool;
  readonly #calls: RadosCalls;
  readonly #unknown: UnknownWrites;
  /** As last seen, for each object; a change that needs it detects when it is outdated. */
  readonly #floors = new Map<string, number>();

  /** `incarnation` begins the stamps of this member's writes. */
  constructor(pool: RecordsPool, calls: RadosCalls, incarnation: string) {
    this.#pool = pool;
    this.#calls = calls;
    this.#unknown = new UnknownWrites(incarnation);
  }

  async get(key: string): Promise<RecordEntry | undefined> {
    return plain(await this.#read(key));
  }

  async compareAndSet(change: Change): Promise<CompareAndSetResult> {
    const { key, expected, value } = change;
    const object = valueObjectOf(key);
    // An invalid version never matches; deleting an absent record changes nothing.
    const isVoid = !isVersion(expected) || (expected === 0 && value === undefined);
    // To make or to delete a value one must know how far its object has counted.
    const needsFloor = expected === 0 || value === undefined;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (!isVoid) {
        if (needsFloor && !this.#floors.has(object)) await this.#read(key);
        const version = await this.#write(object, change);
        if (version !== undefined) return { status: 'done', version };
      }
      const current = await this.#read(key);
      if ((current?.version ?? 0) !== expected) {
        return this.#unknown.isOwn(key, expected, value, current)
          ? { status: 'done', version: current!.version }
          : { status: 'conflict', current: plain(current) };
      }
      if (isVoid) return { status: 'done', version: 0 };
    }
    throw unavailable(`${ATTEMPTS_MAX} changes of ${object} came between`);
  }

  /** The new version; undefined if something was not as the change asks, and nothing is done. */
  async #write(object: string, change: Change): Promise<number | undefined> {
    const { key, expected, value } = change;
    const floor = this.#floors.get(object) ?? 0;
    const version = (expected === 0 ? floor : expected) + 1;
    assert(version > expected, 'a change makes a later version');
    assert(expected !== 0 || version > floor, 'a value made again counts on from the deleted one');
    const stamp = this.#unknown.stamp();
    const steps = stepsOf(change, { version, floor, stamp });
    let errno: number;
    try {
      ({ errno } = await this.#calls.bounded(this.#pool.operate(object, steps)));
    } catch (error) {
      // Given up, and it may yet be done; a retry will know it by its stamp.
      if (value !== undefined) this.#unknown.add({ key, expected, value, stamp });
      throw error;
    }
    if (errno === ENOENT && expected === 0) await this.#create(object);
    if (errno === ECANCELED || errno === ENOENT) return undefined;
    if (errno < 0) throw this.#calls.failure(errno, `changing ${object}`);
    if (value === undefined) this.#raiseFloor(object, version);
    return version;
  }

  /** Makes the object, since comparing in one that is not there fails. */
  async #create(object: string): Promise<void> {
    const steps: WriteStep[] = [{ step: 'create', exclusive: true }];
    const { errno } = await this.#calls.bounded(this.#pool.operate(object, steps));
    if (errno < 0 && errno !== EEXIST) throw this.#calls.failure(errno, `making ${object}`);
  }

  /** The current value, and the floor of the object. */
  async #read(key: string): Promise<ValueEntry | undefined> {
    const object = valueObjectOf(key);
    const keys = [dataKeyOf(key), FLOOR_KEY];
    const { entries } = await readOmapKeys(this.#pool, this.#calls, object, keys);
    const floor = decodeVersion(entries.get(FLOOR_KEY));
    this.#raiseFloor(object, floor);
    const bytes = entries.get(dataKeyOf(key));
    return bytes && decodeValue(dataKeyOf(key), bytes);
  }

  /** The floor of an object never falls; another member may have seen a higher one. */
  #raiseFloor(object: string, version: number): void {
    const floor = Math.max(version, this.#floors.get(object) ?? 0);
    this.#floors.set(object, floor);
    assert(this.#floors.size <= VALUE_OBJECTS, 'floors are kept of objects of values alone');
  }
}

function isVersion(expected: number): boolean {
  return Number.isSafeInteger(expected) && expected >= 0;
}

interface NextValue {
  readonly version: number;
  readonly floor: number;
  readonly stamp: string;
}

function stepsOf({ key, expected, value }: Change, next: NextValue): WriteStep[] {
  const { version, floor, stamp } = next;
  const steps = [compare(versionKeyOf(key), expected)];
  if (value !== undefined) {
    if (expected === 0) steps.push(compare(FLOOR_KEY, floor));
    const entries = [
      [versionKeyOf(key), encodeVersion(version)],
      [dataKeyOf(key), encodeValue({ version, value, stamp })],
    ] as const;
    return [...steps, { step: 'omapSet', entries }];
  }
  if (floor < version) {
    steps.push(compare(FLOOR_KEY, floor));
    steps.push({ step: 'omapSet', entries: [[FLOOR_KEY, encodeVersion(version)]] });
  }
  return [...steps, { step: 'omapRemove', keys: [versionKeyOf(key), dataKeyOf(key)] }];
}

/** An absent value has the version 0, and compares as the empty value. */
function compare(key: string, version: number): WriteStep {
  const value = version === 0 ? ABSENT : encodeVersion(version);
  return { step: 'omapCmp', key, comparison: 'eq', value };
}

function plain(entry: ValueEntry | undefined): RecordEntry | undefined {
  return entry && { key: entry.key, version: entry.version, value: entry.value };
}
