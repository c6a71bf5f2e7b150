// Proves that YAML in which readers see different things is refused: further documents, directives,
// tags, merge keys, odd numbers, and keys that would be lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseDocument } from '../../../src/config/parse.ts';

function problems(text: string): string[] {
  const result = parseDocument(text);
  assert.ok(!result.ok, `refused: ${text}`);
  return result.problems.map(({ line, column, path, message }) => {
    return `${line}:${column} ${path}: ${message}`;
  });
}

const TARGETS = 'targets: [{iqn: iqn.2026-11.com.example:x, access: any}]\n';

test('a second document in the text is refused, not dropped', () => {
  const second = 'a second YAML document begins here: apply one document at a time';
  const texts: readonly (readonly [string, number])[] = [
    [`formatVersion: 1\ntargets: []\n---\n${TARGETS}`, 3],
    [`---\nformatVersion: 1\n---\n`, 3],
    [`formatVersion: 1\n...\nrubbish: [\n`, 3],
    [`formatVersion: 1\n...\n@@@`, 3],
    [`formatVersion: 1\n...\n---\nformatVersion: 1\n`, 3],
  ];
  for (const [text, line] of texts) {
    assert.ok(problems(text).includes(`${line}:1 : ${second}`), text);
  }
  assert.match(problems('formatVersion: 1\n... rubbish\n')[0] ?? '', /^2:/);
  const hostile = '---\n'.repeat(200_000);
  assert.equal(problems(hostile).length, 1);
  assert.ok(parseDocument(`# head\n---\nformatVersion: 1\n...\n# tail\n`).ok);
  for (const text of ['{"formatVersion": 1}{"disks": []}', '{"formatVersion": 1} x']) {
    assert.ok(problems(text).length > 0);
  }
});

test('no directive but that of YAML 1.2 is accepted', () => {
  assert.ok(parseDocument('%YAML 1.2\n---\nformatVersion: 1\n').ok);
  for (const directive of ['%YAML 1.1', '%YAML 1.3', '%FOO', '%TAG !e! tag:yaml.org,2002:']) {
    const found = problems(`${directive}\n---\nformatVersion: 1\ndisks: []\n`);
    assert.match(found[0] ?? '', /^1:1 : not a supported YAML directive/, directive);
  }
});

test('a key that would be lost on the way is refused wherever it is', () => {
  const at = (text: string) => problems(`formatVersion: 1\n${text}`);
  const disk = 'disks: [{name: a, size: 1G}]\n';
  const target = 'iqn: iqn.2026-11.com.example:x, access: any';
  assert.deepEqual(at(`${disk}targets: [{${target}, luns: {__proto__: a}}]`), [
    '3:64 targets[0].luns.__proto__: no such key',
  ]);
  for (const value of ['a', '{0: a}', '[]', 'null']) {
    assert.equal(at(`${disk}targets: [{${target}, luns: {"__proto__": ${value}}}]`).length, 1);
    assert.equal(at(`__proto__: ${value}`).length, 1);
    assert.equal(at(`disks: [{name: a, size: 1G, __proto__: ${value}}]`).length, 1);
    assert.equal(at(`discovery: {__proto__: ${value}}`).length, 1);
    assert.equal(at(`settings: {"__proto__": ${value}}`).length, 1);
  }
  for (const key of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
    assert.equal(at(`${key}: 1`).length, 1);
    assert.equal(at(`targets: [{${target}, luns: {${key}: a}}]`).length, 1, key);
    assert.deepEqual(at(`targets: [{${target}, luns: {0: ${key}}}]`).length, 1);
  }
});

test('keys that are repeated are found by what they mean, at their place', () => {
  const luns = (text: string) =>
    `formatVersion: 1\ndisks: [{name: a, size: 1G}, {name: b, size: 1G}]\ntargets:\n` +
    `  - iqn: iqn.2026-11.com.example:x\n    access: any\n    luns: {${text}}\n`;
  assert.deepEqual(problems(luns('1: a, "1": b')), [
    '6:18 targets[0].luns.1: this key is repeated',
  ]);
  assert.equal(problems(luns('1: a, ? 1\n      : b')).length, 1);
});

test('numbers are whole and decimal; anything else that YAML takes for one is refused', () => {
  const numbers = ['010000', '0x1000', '0o1000', '1e6', '4096.0', '+4096', '.5', '.nan', '-.inf'];
  for (const number of [...numbers, '9007199254740993', '1.', '00']) {
    assert.deepEqual(problems(`formatVersion: 1\ndisks: [{name: a, size: ${number}}]`), [
      '2:25 disks[0].size: numbers are whole and decimal, without leading zeros; text needs quotes',
    ]);
  }
  const luns = (key: string) =>
    `formatVersion: 1\ndisks: [{name: a, size: 1G}]\n` +
    `targets: [{iqn: iqn.2026-11.com.example:x, access: any, luns: {${key}: a}}]`;
  for (const key of ['00', '0x1', '1.0', '1e0', '+1']) assert.equal(problems(luns(key)).length, 1);
  for (const key of ['yes', 'true', 'null', '~', '""', '"01"', '? [0] ', '? {a: 1} ', '-0']) {
    assert.ok(problems(luns(key)).length > 0, key);
  }
});

test('a value of another kind says what to write', () => {
  const at = (text: string) => problems(`formatVersion: 1\n${text}`)[0] ?? '';
  assert.match(at('disks: [{name: 12, size: 1G}]'), /must be text, not a number: put it in quotes/);
  assert.match(at('disks: [{name: true, size: 1G}]'), /must be text, not true or false: put it/);
  assert.match(
    at('disks: [{name: a, size: 1G, readOnly: yes}]'),
    /must be true or false, not text/,
  );
  assert.match(at('disks:'), /must be a list, not null/);
  assert.match(at('gateways: {}'), /must be a list, not a map/);
  assert.match(at('settings: {queueDepth: "1"}'), /must be a number, not text/);
});

test('tags and merge keys are refused; anchors and aliases are read', () => {
  const at = (text: string) => problems(`formatVersion: 1\n${text}`);
  for (const tag of ['!!binary YWJj', '!local a', '!!float 1', '!<tag:example.com,2026:x> a']) {
    assert.match(at(`disks: [{name: ${tag}, size: 1G}]`)[0] ?? '', /no such tag/, tag);
  }
  assert.match(at('disks: !!set {a, b}')[0] ?? '', /no such tag/);
  assert.match(at('disks: [{name: a, size: 1G, <<: {serial: b}}]')[0] ?? '', /merge keys/);
  assert.ok(
    parseDocument('formatVersion: 1\ndisks: [{name: !!str 12, size: &s 1G}, {name: b, size: *s}]')
      .ok,
  );
});

test('what the library writes of a document is read as that document', () => {
  const seen = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufffd-\uffff]/u.test(text))
    .filter((text) => Buffer.byteLength(text) <= 255);
  const odd = fc.constantFrom(
    'yes',
    '012',
    '1e3',
    '~',
    '- a',
    '# b',
    'a: b',
    '---',
    '...',
    "'",
    '"',
  );
  fc.assert(
    fc.property(fc.oneof(seen, odd), (alias) => {
      const target = { iqn: 'iqn.2026-11.com.example:x', access: 'any', alias, luns: {} };
      const text = stringify({ formatVersion: 1, targets: [target] });
      const parsed = parseDocument(Buffer.from(text));
      assert.deepEqual(parsed.ok && parsed.document.targets, [target]);
    }),
  );
});
