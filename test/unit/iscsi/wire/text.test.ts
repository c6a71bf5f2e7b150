import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';

import {
  formatText,
  parseNumber,
  parseText,
  TEXT_LENGTH_MAX,
  TEXT_PAIRS_MAX,
  TEXT_PIECES_MAX,
} from '../../../../src/iscsi/wire/text.ts';
import { TextAssembly } from '../../../../src/iscsi/wire/text-assembly.ts';

const parse = (text: string) => parseText(Buffer.from(text));

test('a text is split into its pairs', () => {
  // Proves: NUL separation, values with "=", empty values, padding NULs.
  assert.deepEqual(parse('A=1\0B=x=y\0C=\0\0\0'), [
    { key: 'A', value: '1' },
    { key: 'B', value: 'x=y' },
    { key: 'C', value: '' },
  ]);
  assert.deepEqual(parse(''), []);
});

test('a text that breaks a rule is named with its place', () => {
  // Proves: each rule of the text format has its fault and offset.
  assert.deepEqual(parse('A=1\0B=2'), { fault: 'pair does not end with NUL', at: 4 });
  assert.deepEqual(parse('A=1\0nothing\0C=1\0'), { fault: 'pair has no "="', at: 4 });
  assert.deepEqual(parse('=1\0'), { fault: 'key name is not valid', at: 0 });
  assert.deepEqual(parse('A B=1\0'), { fault: 'key name is not valid', at: 0 });
  assert.deepEqual(parse(`${'K'.repeat(64)}=1\0`), { fault: 'key name is too long', at: 0 });
  assert.deepEqual(parse(`A=${'v'.repeat(8193)}\0`), { fault: 'value is too long', at: 0 });
  assert.deepEqual(parse('A=1\0'.repeat(TEXT_PAIRS_MAX + 1)), {
    fault: 'too many keys',
    at: 4 * TEXT_PAIRS_MAX,
  });
  assert.deepEqual(parseText(Buffer.from('A=\xff\0', 'latin1')), {
    fault: 'value is not UTF-8',
    at: 0,
  });
});

test('what is formatted is parsed back', () => {
  // Proves: format and parse are inverse for all admissible pairs.
  const key = fc.stringMatching(/^[A-Z][A-Za-z0-9.\-+@_#]{0,62}$/);
  const value = fc
    .string({ unit: 'binary', maxLength: 200 })
    .filter((text) => !text.includes('\0'));
  const pairs = fc.array(fc.record({ key, value }, { noNullPrototype: true }), {
    maxLength: TEXT_PAIRS_MAX,
  });
  fc.assert(
    fc.property(pairs, (some) => {
      assert.deepEqual(parseText(formatText(some)), some);
    }),
  );
});

test('no bytes make the parser throw', () => {
  // Proves: arbitrary bytes give pairs or a fault inside them.
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom('=', '\0', 'Key=Value\0', '=\0').map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const bytes = Buffer.concat(pieces);
      const result = parseText(bytes);
      if ('fault' in result) assert.ok(result.at <= bytes.length);
      else assert.ok(result.length <= TEXT_PAIRS_MAX);
    }),
  );
});

test('numbers are decimal or hexadecimal', () => {
  // Proves: the two notations, and that nothing else passes for a number.
  assert.equal(parseNumber('8192'), 8192);
  assert.equal(parseNumber('0x2000'), 8192);
  assert.equal(parseNumber('0X2000'), 8192);
  for (const bad of ['', '-1', '1.5', '0x', '1e3', ' 1', '1 ', '9'.repeat(20), 'Yes']) {
    assert.equal(parseNumber(bad), undefined, bad);
  }
});

test('a text over several PDUs is bounded', () => {
  // Proves: chunks join in order, are copied, and end at the bound.
  const assembly = new TextAssembly();
  const chunk = Buffer.from('A=1');
  assert.ok(assembly.add(chunk));
  chunk.fill(0);
  assert.ok(assembly.add(Buffer.from('2\0')));
  assert.equal(Buffer.from(assembly.take()).toString(), 'A=12\0');
  assert.ok(assembly.empty);
  assert.ok(assembly.add(new Uint8Array(TEXT_LENGTH_MAX)));
  assert.ok(!assembly.add(new Uint8Array(1)));
  const crumbs = new TextAssembly();
  const taken = Array.from({ length: 1_000 }, () => crumbs.add(Buffer.from('x')));
  assert.equal(taken.filter(Boolean).length, TEXT_PIECES_MAX);
  const empty = new TextAssembly();
  while (empty.add(new Uint8Array(0)));
  assert.equal(empty.take().length, 0, 'empty pieces are pieces');
});
