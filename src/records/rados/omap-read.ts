import { assert } from '../../base/assert.ts';
import { ENOENT } from '../../ceph/errno.ts';
import type { ReadStep } from '../../ceph/object-steps.ts';
import type { RadosCalls } from './rados-calls.ts';
import type { RecordsPool } from './records-pool.ts';

/** Entries of an object's omap as they were at one moment. */
interface OmapRead {
  /** The object's version; 0 when the object does not exist. */
  readonly version: number;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Whether a page ended before the entries did. */
  readonly more: boolean;
}

/** The entries with these keys, those that are there. */
export function readOmapKeys(
  pool: RecordsPool,
  calls: RadosCalls,
  object: string,
  keys: readonly string[],
): Promise<OmapRead> {
  return readOmap(pool, calls, object, { step: 'omapGetValuesByKeys', keys });
}

/** One page of the entries whose keys begin with `prefix`. */
export function readOmapPage(
  pool: RecordsPool,
  calls: RadosCalls,
  object: string,
  page: { readonly prefix: string; readonly startAfter: string; readonly max: number },
): Promise<OmapRead> {
  return readOmap(pool, calls, object, { step: 'omapGetValues', ...page });
}

async function readOmap(
  pool: RecordsPool,
  calls: RadosCalls,
  object: string,
  step: ReadStep,
): Promise<OmapRead> {
  const { errno, version, values } = await calls.bounded(pool.read(object, [step]));
  if (errno === ENOENT) return { version: 0, entries: new Map(), more: false };
  if (errno < 0) throw calls.failure(errno, `reading ${object}`);
  assert(values.length === 1, 'each step of a read has its value');
  const [value] = values;
  if (value?.step === 'omapGetValues') {
    return { version, entries: value.values, more: value.more };
  }
  const entries = value?.step === 'omapGetValuesByKeys' ? value.values : new Map();
  return { version, entries, more: false };
}
