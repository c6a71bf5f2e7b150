import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import {
  decodeJsonRecord,
  encodeJsonRecord,
  type JsonRecordFormat,
} from '../../records/json-record.ts';
import { FIELDS_MAX, type Records } from '../../records/records.ts';

const KEY = 'document-changes';
/** The changes of this many versions are kept. */
export const VERSIONS_KEPT_MAX = 64;
/** This many changes of a version are kept in words; the others are counted. */
export const CHANGES_KEPT_MAX = 50;

assert(VERSIONS_KEPT_MAX < FIELDS_MAX, 'the versions that are kept fit into one record');

const FORMAT: JsonRecordFormat<readonly string[]> = {
  kind: 'document changes',
  formatVersion: 1,
  lengthMaxBytes: 64 * 1024,
  decode: (content) => content as readonly string[],
};

interface VersionChanges {
  readonly version: number;
  /** In words; undefined if they were not kept. */
  readonly changes: readonly string[] | undefined;
}

/**
 * Keeps the changes of a version in words, for authors of documents that are based on an older one.
 * The version is committed already, so a failure here is ignored: the changes count as unknown.
 */
export async function keepChanges(
  records: Records,
  version: number,
  changes: readonly string[],
): Promise<void> {
  assert(version >= 1, 'changes belong to a version that is committed');
  const kept = changes.slice(0, CHANGES_KEPT_MAX);
  const left = changes.length - kept.length;
  if (left > 0) kept.push(`and ${left} more changes`);
  try {
    const names = [...(await records.getFields(KEY)).keys()];
    const old = names.filter((name) => Number(name) <= version - VERSIONS_KEPT_MAX);
    await records.setFields(KEY, {
      ...Object.fromEntries(old.map((name) => [name, undefined])),
      [version]: encodeJsonRecord(FORMAT, kept),
    });
  } catch {
    // As above.
  }
}

/**
 * Refuses a document that was made from another version than the one it would replace: changes
 * since then would be lost silently. `basedOn` undefined: the document names no version.
 */
export async function refuseStale(
  records: Records,
  basedOn: number | undefined,
  version: number,
): Promise<void> {
  if (basedOn === undefined || basedOn === version) return;
  const since = await changesSince(records, basedOn, version);
  const data = { basedOn, version, since };
  throw new Failure('documentStale', wordsOf(basedOn, version, since), data);
}

async function changesSince(
  records: Records,
  basedOn: number,
  version: number,
): Promise<readonly VersionChanges[]> {
  const fields = await records.getFields(KEY);
  const first = Math.max(basedOn + 1, version - VERSIONS_KEPT_MAX + 1);
  const count = Math.max(0, version - first + 1);
  assert(count <= VERSIONS_KEPT_MAX, 'no more versions are told of than are kept');
  return Array.from({ length: count }, (_, i) => {
    const bytes = fields.get(String(first + i));
    const changes = bytes === undefined ? undefined : decodeJsonRecord(FORMAT, bytes);
    return { version: first + i, changes };
  });
}

function wordsOf(basedOn: number, version: number, since: readonly VersionChanges[]): string {
  const [own, served] = [`version ${basedOn}`, `version ${version}`];
  const base = `the document is based on ${own}, but the cluster is at ${served}`;
  if (basedOn > version) {
    const origin = 'it was made from another store, or from this one before it was restored';
    return `${base}: ${origin}; --force applies it`;
  }
  const lines = since.map(({ version: each, changes }) => {
    return `  version ${each}: ${changes?.join('; ') ?? 'it is not known what changed'}`;
  });
  const isCut = version - basedOn > since.length;
  return [
    `${base}; since then changed:`,
    ...(isCut ? ['  (earlier versions are not listed)'] : []),
    ...lines,
    'repeat your change on the output of "allpath get --secrets", or undo these with --force',
  ].join('\n');
}
