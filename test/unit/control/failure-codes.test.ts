// The page of errors has every code that the program fails with, and no other one.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAILURE_CODES } from '../../../src/control/failure-codes.ts';
import { errorReference } from '../../../src/control/reference.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const TABLE = 'src/control/failure-codes.ts';
/** Issues of the schema have codes of their own. */
const SCHEMA = 'src/config/schema.ts';
const sources = globSync('{src,lab}/**/*.ts', { cwd: root })
  .filter((file) => file !== TABLE && file !== SCHEMA)
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

/** Where a failure is made anew with the code of another one, or of a type that is listed. */
const PASSED_ON = ['cli/runs/demo', 'demo/free-ports', 'records/record-arguments'].concat([
  'records/local/store-thread',
  'volume/local/local-store',
  'ceph/admin-socket',
]);

const listed = new Set(FAILURE_CODES.flatMap(({ codes }) => Object.keys(codes)));

/** The codes with which a source makes failures, in any of the ways that there are. */
function codesOf(text: string): string[] {
  const made = text.matchAll(/\b[fF]ailure(?:<[^>]*>)?\(\s*'(\w+)'/g);
  const typed = text.matchAll(/type \w*FailureCode =([^;]*);/g);
  const described = text.matchAll(/\bcode: '(\w+)',?\s*(?:message|data)\b/g);
  return [
    ...[...made, ...described].map(([, code = '']) => code),
    ...[...typed].flatMap(([, union = '']) => {
      return [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
    }),
  ];
}

test('every code that a source fails with is listed', () => {
  const missing = sources.flatMap(({ file, text }) => {
    return codesOf(text).flatMap((code) => (listed.has(code) ? [] : [`${file}: ${code}`]));
  });
  assert.deepEqual(missing, []);
});

test('the page is up to date (node scripts/reference.ts)', () => {
  assert.equal(readFileSync(join(root, 'docs/reference/errors.md'), 'utf8'), errorReference());
});

test('a code is written where the failure is made, so that it is found', () => {
  const hidden = sources.filter(({ file, text }) => {
    const isPassedOn = PASSED_ON.some((name) => file.endsWith(`${name}.ts`));
    return !isPassedOn && /\bnew Failure(?:<[^>]*>)?\(\s*[^\s']/.test(text);
  });
  assert.deepEqual(
    hidden.map(({ file }) => file),
    [],
  );
});

test('every code that is listed is one that a source has', () => {
  const unused = [...listed].filter(
    (code) => !sources.some(({ text }) => text.includes(`'${code}'`)),
  );
  assert.deepEqual(unused, []);
});

test('a code is listed once, with a sentence for its meaning and one for what to do', () => {
  const rows = FAILURE_CODES.flatMap(({ codes }) => Object.entries(codes));
  assert.equal(rows.length, listed.size);
  for (const [code, { meaning, remedy }] of rows) {
    for (const text of [meaning, remedy]) assert.match(text, /^[`A-Z].*\.$/, `${code}: ${text}`);
  }
});

test('a planted code is found', () => {
  assert.deepEqual(codesOf("throw new Failure('madeUp', 'x');"), ['madeUp']);
  assert.deepEqual(codesOf("new Failure<X>(\n  'madeUp',\n  'x');"), ['madeUp']);
  assert.deepEqual(codesOf("type XFailureCode =\n  | 'one'\n  | 'two';"), ['one', 'two']);
  assert.deepEqual(codesOf("const error = { code: 'told', message };"), ['told']);
});
