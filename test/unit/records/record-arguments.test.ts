// Keys, prefixes and names follow the contract's grammar.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkKey, checkMemberName, checkPrefix } from '../../../src/records/record-arguments.ts';
import { KEY_LENGTH_MAX } from '../../../src/records/records.ts';

const segment = fc.stringMatching(/^[A-Za-z0-9._:-]{1,20}$/);
const key = fc.array(segment, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/'));

test('every path of segments is a key, and each of its beginnings a prefix', () => {
  fc.assert(
    fc.property(key, fc.nat(), (path, length) => {
      checkKey(path);
      checkPrefix(path.slice(0, length % (path.length + 1)));
    }),
  );
});

test('a path with any other character, or an empty segment, is none', () => {
  const foreign = fc.constantFrom(' ', '//', '\0', '\n', '%', "'", 'é', '\\', '\u{1f600}');
  fc.assert(
    fc.property(key, foreign, key, (before, wrong, after) => {
      const path = before + wrong + after;
      assert.throws(() => checkKey(path), { code: 'recordsBadKey' });
      assert.throws(() => checkPrefix(path), { code: 'recordsBadKey' });
    }),
  );
});

test('the longest key is one, a longer is none, and its message is short', () => {
  checkKey('k'.repeat(KEY_LENGTH_MAX));
  assert.throws(
    () => checkKey('k'.repeat(100_000)),
    (error: Error) => error.message.length < 200,
  );
});

test('a name of a member is one segment', () => {
  checkMemberName('gateway-0');
  for (const name of ['', 'a/b', 'n'.repeat(65)]) {
    assert.throws(() => checkMemberName(name), { code: 'recordsBadKey' });
  }
});
