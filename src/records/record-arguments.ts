import { assert } from '../base/assert.ts';
import { Failure } from '../base/failure.ts';
import {
  CHANNEL_MESSAGE_LENGTH_MAX,
  FIELDS_LENGTH_MAX,
  FIELDS_MAX,
  type FieldGuard,
  type FieldValues,
  KEY_LENGTH_MAX,
  LIST_ENTRIES_MAX,
  LIST_LENGTH_MAX,
  MEMBER_NAME_LENGTH_MAX,
  type RecordsFailureCode,
  VALUE_LENGTH_MAX,
} from './records.ts';

assert(KEY_LENGTH_MAX <= 0xff, 'the length of a key fits into a byte of a message');
assert(MEMBER_NAME_LENGTH_MAX < KEY_LENGTH_MAX, 'the name of a member fits into a key');
assert(CHANNEL_MESSAGE_LENGTH_MAX <= VALUE_LENGTH_MAX, 'a message is at most as long as a value');
assert(VALUE_LENGTH_MAX <= LIST_LENGTH_MAX, 'the longest value can be listed');
assert(VALUE_LENGTH_MAX <= FIELDS_LENGTH_MAX, 'the longest value fits into a map of fields');

const KEY = /^[A-Za-z0-9._:-]+(?:\/[A-Za-z0-9._:-]+)*$/;
const NAME = /^[A-Za-z0-9._:-]+$/;

function fail(code: RecordsFailureCode, message: string): never {
  throw new Failure(code, message);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** Rejects a string that is not a valid key of a record or name of a channel. */
export function checkKey(key: string): void {
  if (key.length > KEY_LENGTH_MAX || !KEY.test(key)) {
    fail('recordsBadKey', `not a key of a record: ${shown(key)}`);
  }
}

/** Rejects what no key can begin with. The empty prefix is every key's. */
export function checkPrefix(prefix: string): void {
  if (prefix.length > KEY_LENGTH_MAX || !isPrefix(prefix)) {
    fail('recordsBadKey', `no key begins with ${shown(prefix)}`);
  }
}

function isPrefix(prefix: string): boolean {
  return prefix === '' || KEY.test(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

export function checkValue(value: Uint8Array): void {
  if (value.length > VALUE_LENGTH_MAX) {
    fail('recordsTooLarge', `a value of ${value.length} bytes; at most ${VALUE_LENGTH_MAX}`);
  }
}

export function checkMessage(message: Uint8Array): void {
  if (message.length > CHANNEL_MESSAGE_LENGTH_MAX) {
    fail(
      'recordsTooLarge',
      `a message of ${message.length} bytes; at most ${CHANNEL_MESSAGE_LENGTH_MAX}`,
    );
  }
}

export function checkFieldName(field: string): void {
  if (field.length > KEY_LENGTH_MAX || !KEY.test(field)) {
    fail('recordsBadKey', `not a name of a field: ${shown(field)}`);
  }
}

export function checkFields(fields: FieldValues): void {
  const names = Object.keys(fields);
  if (names.length > FIELDS_MAX) {
    fail('recordsTooLarge', `${names.length} fields; at most ${FIELDS_MAX}`);
  }
  for (const name of names) {
    checkFieldName(name);
    const value = fields[name];
    if (value !== undefined) checkValue(value);
  }
}

/** Rejects a list of records that is too long to be returned. */
export function checkList(entries: number, lengthBytes: number): void {
  if (entries > LIST_ENTRIES_MAX || lengthBytes > LIST_LENGTH_MAX) {
    fail(
      'recordsTooLarge',
      `more than ${LIST_ENTRIES_MAX} records or ${LIST_LENGTH_MAX} bytes to list`,
    );
  }
}

/** Rejects a change that would give a record too many fields, or too much in them. */
export function checkFieldTotals(fields: number, lengthBytes: number): void {
  if (fields > FIELDS_MAX || lengthBytes > FIELDS_LENGTH_MAX) {
    fail(
      'recordsTooLarge',
      `more than ${FIELDS_MAX} fields or ${FIELDS_LENGTH_MAX} bytes in a record`,
    );
  }
}

/** Rejects a string that is not a valid name of a member. */
export function checkMemberName(name: string): void {
  if (name.length > MEMBER_NAME_LENGTH_MAX || !NAME.test(name)) {
    fail('recordsBadKey', `not a name of a member: ${shown(name)}`);
  }
}

/** A copy that the giver cannot change. (`slice` of a Buffer would be no copy.) */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export function copyOfFields(fields: FieldValues): Record<string, Uint8Array | undefined> {
  const copies = Object.entries(fields).map(([name, value]) => [name, value && copyOf(value)]);
  return Object.fromEntries(copies) as Record<string, Uint8Array | undefined>;
}

export function copyOfGuard(guard: FieldGuard | undefined): FieldGuard | undefined {
  return guard && { field: guard.field, equals: guard.equals && copyOf(guard.equals) };
}
