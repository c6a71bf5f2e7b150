// Proves that the bytes of a document are text that a reader sees as it is, or are refused with the
// place of each fault.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROBLEMS_MAX } from '../../../src/config/limits.ts';
import { parseDocument } from '../../../src/config/parse.ts';

const SECRET = 'hunter2hunter2';

function problems(source: Uint8Array | string): string[] {
  const result = parseDocument(source);
  assert.ok(!result.ok, 'the document is refused');
  const text = result.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  assert.ok(!text.join().includes(SECRET));
  return text;
}

test('bytes that are not UTF-8 are refused, line by line', () => {
  const text = `formatVersion: 1\n# Grüße\ndiscovery: {chap: {user: u, secret: ${SECRET}ü}}\n`;
  assert.ok(parseDocument(Buffer.from(text)).ok);
  const found = problems(Buffer.from(text, 'latin1'));
  assert.deepEqual(found, [
    '2:5 not UTF-8: convert the file, for example with "iconv -f LATIN1 -t UTF-8"',
    '3:51 not UTF-8: convert the file, for example with "iconv -f LATIN1 -t UTF-8"',
  ]);
  const wide = Buffer.from('\ufeffformatVersion: 1\n', 'utf16le');
  for (const bytes of [wide, Buffer.from(wide).swap16()]) {
    assert.deepEqual(problems(bytes), [
      '1:1 UTF-16: convert the file with "iconv -f UTF-16 -t UTF-8"',
    ]);
  }
  assert.equal(problems(Buffer.from('\xff\n'.repeat(5000), 'latin1')).length, PROBLEMS_MAX);
});

test('a text in UTF-8 with a byte order mark, and lines that end CR LF, are read', () => {
  assert.ok(parseDocument(Buffer.from('\ufeffformatVersion: 1\r\ndisks: []\r\n')).ok);
  assert.deepEqual(problems('\ufeffformatVersion: 1\r\nx: 1\r\n'), ['2:4 no such key']);
});

test('characters that are not seen as what they are are refused, comments included', () => {
  const characters = ['\0', '\x01', '\x1b', '\x7f', '\x85', '\u2028', '\u202e', '\u2066'];
  for (const character of [...characters, '\ufeff', '\ufffd', '\uffff', '\ud800']) {
    for (const line of [`# ${character}`, `x${character}: 1`, `discovery: {a: "b${character}"}`]) {
      const found = problems(`formatVersion: 1\n${line}\n`);
      assert.equal(found.length, 1, JSON.stringify(line));
      assert.match(
        found[0]!,
        /^2:\d+ the character U\+[0-9A-F]{4} is not readable text: remove it$/,
      );
    }
  }
  // The library takes a lone CR for text, the standard for a line break.
  assert.match(problems('formatVersion: 1 # a\rtargets: []\n')[0]!, /^1:21 the character U\+000D/);
  assert.equal(problems('\0\n'.repeat(5000)).length, PROBLEMS_MAX);
});

test('an empty document says what is missing', () => {
  for (const text of ['', '\n\n', '\ufeff']) assert.match(problems(text)[0]!, /empty: a document/);
});
