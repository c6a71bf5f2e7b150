import { assert } from '../base/assert.ts';
import { Failure } from '../base/failure.ts';
import { VALUE_LENGTH_MAX } from './records.ts';

/**
 * One kind of structured record: JSON with a `formatVersion`, checked when it is read. `decode`
 * converts an older format, whose version it gets; a newer one is refused.
 */
export interface JsonRecordFormat<T> {
  /** The kind of the record, for messages: "disk". */
  readonly kind: string;
  readonly formatVersion: number;
  /** The oldest format that `decode` still reads. */
  readonly formatVersionMin?: number;
  /** At most `VALUE_LENGTH_MAX`. */
  readonly lengthMaxBytes?: number;
  /** Checks and returns the content; throws what says why it is not one. */
  decode(content: unknown, formatVersion: number): T;
}

/** `content` must be what JSON can say. Keys keep their order: equal contents, equal bytes. */
export function encodeJsonRecord<T>(
  format: Omit<JsonRecordFormat<T>, 'decode'>,
  content: T,
): Uint8Array {
  const { formatVersion, formatVersionMin = formatVersion, lengthMaxBytes = 1 } = format;
  assert(
    formatVersionMin >= 1 && formatVersionMin <= formatVersion,
    'a format reads what it writes',
  );
  assert(lengthMaxBytes >= 1 && lengthMaxBytes <= VALUE_LENGTH_MAX, 'a record is at most a value');
  const text = JSON.stringify({ formatVersion, content });
  const bytes = new TextEncoder().encode(text);
  checkLength(format, bytes);
  return bytes;
}

export function decodeJsonRecord<T>(format: JsonRecordFormat<T>, bytes: Uint8Array): T {
  checkLength(format, bytes);
  const { kind, formatVersion, formatVersionMin = formatVersion } = format;
  let record: { formatVersion?: unknown; content?: unknown };
  try {
    record = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Failure('recordMalformed', `a ${kind} record is not JSON`, { kind }, { cause });
  }
  const found = record?.formatVersion;
  if (typeof found !== 'number' || !Number.isSafeInteger(found)) {
    throw new Failure('recordMalformed', `a ${kind} record has no formatVersion`, { kind });
  }
  if (found < formatVersionMin || found > formatVersion) {
    throw new Failure(
      'recordFormatUnknown',
      `a ${kind} record of format ${found}; this release reads ${formatVersionMin} to ` +
        `${formatVersion}`,
      { kind, formatVersion: found },
    );
  }
  try {
    return format.decode(record.content, found);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('recordMalformed', `a ${kind} record: ${reason}`, { kind }, { cause });
  }
}

function checkLength(
  { kind, lengthMaxBytes }: Pick<JsonRecordFormat<unknown>, 'kind' | 'lengthMaxBytes'>,
  bytes: Uint8Array,
): void {
  const maxBytes = Math.min(lengthMaxBytes ?? VALUE_LENGTH_MAX, VALUE_LENGTH_MAX);
  if (bytes.length <= maxBytes) return;
  throw new Failure(
    'recordsTooLarge',
    `a ${kind} record of ${bytes.length} bytes; at most ${maxBytes}`,
    { kind },
  );
}
