// Proves that no document text does worse than a list of problems: texts of random characters,
// random YAML structures, and valid documents with random damage.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { PROBLEMS_MAX } from '../../src/config/limits.ts';
import { parseDocument } from '../../src/config/parse.ts';

const runs = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? 1000);

function parseOrRefuse(text: string): void {
  const result = parseDocument(text);
  if (result.ok) {
    // What is accepted is accepted again in the form in which it is kept.
    assert.ok(parseDocument(JSON.stringify(result.document)).ok);
    return;
  }
  assert.ok(result.problems.length > 0 && result.problems.length <= PROBLEMS_MAX + 1);
  for (const { line, column, message } of result.problems) {
    assert.ok(Number.isInteger(line) && line >= 0 && Number.isInteger(column) && column >= 0);
    assert.ok(message.length > 0);
  }
}

const yamlText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '- ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        '&a ',
        '*a',
        '!!str ',
        '|',
        '>',
        '"',
        "'",
        '#',
      ),
      fc.constantFrom('\n', '  ', '? ', '<<', '---\n', '...', '%YAML 1.2\n', '\t', ',', '\u{feff}'),
      fc.constantFrom(
        'disks',
        'targets',
        'gateways',
        'formatVersion',
        'luns',
        'access',
        'name',
        '1',
      ),
      fc.string(),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

test('random text', () => {
  fc.assert(fc.property(yamlText, parseOrRefuse), { numRuns: runs });
});

const keys = [
  'formatVersion',
  'disks',
  'gateways',
  'targets',
  'discovery',
  'settings',
  'name',
  'size',
  'portals',
  'address',
  'portalGroupTag',
  'luns',
  'access',
  'initiator',
  'chap',
  'secret',
  'mutual',
  '__proto__',
  'constructor',
];
const leaf = fc.oneof(
  fc.constantFrom(
    'any',
    '1G',
    'a',
    '127.0.0.1',
    'iqn.2026-11.com.example:x',
    null,
    true,
    -1,
    1,
    1e300,
  ),
  fc.string(),
  fc.integer(),
);
const { node } = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...keys), tie('node'), { maxKeys: 5 }),
  ),
}));

test('random structures under known keys', () => {
  const document = fc.record(
    { formatVersion: fc.constant(1), disks: node, gateways: node, targets: node, discovery: node },
    { requiredKeys: ['formatVersion'] },
  );
  fc.assert(
    fc.property(document, (value) => parseOrRefuse(JSON.stringify(value))),
    { numRuns: runs },
  );
});

const VALID = {
  formatVersion: 1,
  disks: [{ name: 'a', size: '1G' }],
  gateways: [{ name: 'g', portals: [{ address: '10.0.0.1', portalGroupTag: 1 }] }],
  targets: [
    {
      iqn: 'iqn.2026-11.com.example:x',
      luns: { 0: 'a' },
      access: [
        { initiator: 'iqn.2026-11.com.example:i', chap: { user: 'u', secret: '123456789012' } },
      ],
    },
  ],
};

test('a valid document with a damaged place', () => {
  const text = stringify(VALID);
  assert.ok(parseDocument(text).ok);
  const damage = fc.tuple(fc.nat(text.length), fc.nat(4), fc.string({ maxLength: 6 }));
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (places) => {
      let damaged = text;
      for (const [at, cut, put] of places) {
        damaged = damaged.slice(0, at) + put + damaged.slice(at + cut);
      }
      parseOrRefuse(damaged);
    }),
    { numRuns: runs },
  );
});
