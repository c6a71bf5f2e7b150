import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import type { ClusterDocument } from '../../config/document.ts';
import { nextPortIdentifier } from '../../config/port-identity.ts';
import { settingsSchema } from '../../config/schema.ts';
import {
  decodeJsonRecord,
  encodeJsonRecord,
  type JsonRecordFormat,
} from '../../records/json-record.ts';
import { type Records, VALUE_LENGTH_MAX } from '../../records/records.ts';

const KEY = 'document';

/** An upper bound of what a record adds to its content. */
const FRAME_BYTES = 64;

/** A document that an older release wrote lacks what later ones keep. */
const DEFAULT_SETTINGS = settingsSchema.parse({});

/** Validated before it was written: here its format is checked, not its content again. */
const FORMAT: JsonRecordFormat<ClusterDocument> = {
  kind: 'document',
  formatVersion: 1,
  decode: (content) => {
    const document = content as ClusterDocument;
    return {
      ...document,
      nextRelativePortIdentifier:
        document.nextRelativePortIdentifier ?? nextPortIdentifier(document.gateways),
      settings: { ...DEFAULT_SETTINGS, ...document.settings },
    };
  },
};

export interface VersionedDocument {
  /** The version of the record: grows with each change. */
  readonly version: number;
  readonly document: ClusterDocument;
}

/** The document that the cluster serves; undefined before the first `apply`. */
export async function readDocument(records: Records): Promise<VersionedDocument | undefined> {
  const entry = await records.get(KEY);
  if (entry === undefined) return undefined;
  return { version: entry.version, document: decodeJsonRecord(FORMAT, entry.value) };
}

/** The same; rejects with `documentMissing` before the first `apply`. */
export async function requireDocument(records: Records): Promise<VersionedDocument> {
  const current = await readDocument(records);
  if (current !== undefined) return current;
  throw new Failure('documentMissing', 'the store has no document yet: use "allpath apply"');
}

/** Why a document that is to get `more` bytes cannot be kept, in words; undefined when it can. */
export function lengthRefusal(document: ClusterDocument, more = 0): string | undefined {
  const lengthBytes = Buffer.byteLength(JSON.stringify(document)) + FRAME_BYTES + more;
  if (lengthBytes <= VALUE_LENGTH_MAX) return undefined;
  return (
    `the document with its generated values has ${lengthBytes} bytes, at most ` +
    `${VALUE_LENGTH_MAX} are possible: use shorter names, or several stores`
  );
}

/** Replaces version `expected` (0: no document yet); undefined if another change came first. */
export async function writeDocument(
  records: Records,
  expected: number,
  document: ClusterDocument,
): Promise<number | undefined> {
  assert(expected >= 0, 'a version is not negative');
  const value = encodeJsonRecord(FORMAT, document);
  const result = await records.compareAndSet(KEY, expected, value);
  if (result.status !== 'done') return undefined;
  assert(result.version > expected, 'the version of the document grows with each change');
  return result.version;
}
