// Proves that no message about a document has the words of the schema library: for each code that
// it knows, and for every key of the document with values of every kind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { issueWords } from '../../../src/config/issue-words.ts';
import { parseDocument } from '../../../src/config/parse.ts';

const FOREIGN = /invalid|expected|received|unrecognized|too (big|small)|discriminator|pattern|zod/i;

type Code = z.core.$ZodIssue['code'];

/** For each code a schema without a message of its own, what it refuses, and what is said. */
const refused: Readonly<Record<Code, readonly (readonly [z.ZodType, unknown, string])[]>> = {
  invalid_type: [
    [z.string(), 1, 'must be text, not a number: put it in quotes'],
    [z.int(), 1.5, 'must be a whole number'],
    [z.array(z.string()), {}, 'must be a list, not a map'],
    [z.boolean(), undefined, 'is missing'],
    [z.date(), null, 'must be of another kind, not null'],
  ],
  invalid_value: [
    [z.literal(1), 2, 'must be 1'],
    [z.enum(['a', 'b']), 'c', 'must be "a" or "b"'],
  ],
  invalid_format: [
    [
      z.string().regex(/^a$/),
      'b',
      'does not have the form that this key needs: see docs/reference/document.md',
    ],
    [z.email(), 'b', 'does not have the form that this key needs: see docs/reference/document.md'],
    [z.string().startsWith('a'), 'b', 'must begin with "a"'],
    [z.string().endsWith('a'), 'b', 'must end with "a"'],
    [z.string().includes('a'), 'b', 'must contain "a"'],
  ],
  too_big: [
    [z.number().max(4), 5, 'must be at most 4'],
    [z.number().lt(4), 4, 'must be less than 4'],
    [z.string().max(1), 'ab', 'must have at most 1 characters'],
    [z.array(z.number()).max(1), [1, 2], 'must have at most 1 entries'],
    [z.string().length(1), 'ab', 'must have exactly 1 characters'],
  ],
  too_small: [
    [z.number().min(4), 3, 'must be at least 4'],
    [z.number().gt(4), 4, 'must be more than 4'],
    [z.string().min(1), '', 'must not be empty'],
    [z.array(z.number()).min(2), [1], 'must have at least 2 entries'],
    [z.array(z.number()).length(2), [1], 'must have exactly 2 entries'],
  ],
  not_multiple_of: [[z.number().multipleOf(2), 3, 'must be a multiple of 2']],
  unrecognized_keys: [[z.strictObject({}), { a: 1 }, 'has an unknown key']],
  invalid_union: [
    [z.union([z.string(), z.boolean()]), 1, 'has none of the allowed forms'],
    [
      z.discriminatedUnion('k', [z.object({ k: z.literal('a') })]),
      { k: 'b' },
      'has none of the allowed forms',
    ],
  ],
  invalid_key: [
    [
      z.record(z.string().min(2), z.string()),
      { a: 'b' },
      'has a key that does not have the allowed form',
    ],
  ],
  invalid_element: [
    [
      z.map(z.object({}), z.string().min(2)),
      new Map([[{}, 'a']]),
      'has an entry that does not have the allowed form',
    ],
  ],
  custom: [[z.string().refine(() => false), 'a', 'is not an allowed value']],
};

test('every code of the library has words here', () => {
  for (const [code, cases] of Object.entries(refused)) {
    for (const [schema, value, words] of cases) {
      const { error } = schema.safeParse(value, { error: issueWords });
      const issue = error?.issues[0];
      assert.equal(issue?.code, code);
      assert.equal(issue?.message, words);
      assert.doesNotMatch(words, FOREIGN);
    }
  }
});

const CHAP = {
  user: 'u',
  secret: 'at least 12 bytes',
  mutual: { user: 'm', secret: 'another one of 12' },
};
/** Every key of the document, each once at least. */
const WHOLE = {
  formatVersion: 1,
  basedOn: 1,
  settings: {
    ...{ oui: '0a0b0c', queueDepth: 8, chapMd5: true, drainSeconds: 1 },
    ...{ softThresholdPercent: 80, volumeInstances: 1 },
  },
  discovery: { chap: CHAP },
  disks: [
    {
      ...{ name: 'd', uuid: '01234567-89ab-4cde-8f01-23456789abcd', size: '1G', blockLength: 512 },
      ...{ wwn: 'naa.3000000000000000', serial: 's', vendor: 'V', product: 'P', revision: '1' },
      ...{ writethrough: true, readOnly: false, dataPool: 'p', volume: { name: 'v', id: '1/2' } },
      ...{ deleting: true, objectSize: '4M' },
    },
  ],
  gateways: [
    {
      name: 'g',
      portals: [
        {
          ...{ address: '192.0.2.1', listen: '127.0.0.1', port: 1 },
          ...{ portalGroupTag: 1, relativePortIdentifier: 1 },
        },
      ],
    },
  ],
  targets: [
    {
      ...{ iqn: 'iqn.2026-11.com.example:x', alias: 'a', luns: { 0: 'd' }, chap: CHAP },
      access: [{ initiator: 'iqn.2026-11.com.example:i', luns: { 0: 'd' }, chap: CHAP }],
    },
  ],
};

const BAD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 70_000, 2 ** 53, 1e300, '', 'x', 'X y', 'é', '\u0000', '1e9'],
  ...['x'.repeat(300), [], ['x'], [null], [[]], {}, { x: 1 }, { 0: 1 }, { '': '' }, { '-1': 'd' }],
];

test('no value of any kind, at any place of a document, brings up words of the library', () => {
  assert.ok(parseDocument(JSON.stringify(WHOLE)).ok);
  let count = 0;
  for (const path of placesOf(WHOLE)) {
    for (const value of [undefined, ...BAD_VALUES]) {
      const parsed = parseDocument(JSON.stringify(replaced(WHOLE, path, value)) ?? '');
      for (const { message } of parsed.ok ? [] : parsed.problems) {
        count += 1;
        assert.doesNotMatch(message, FOREIGN, path.join('.'));
      }
    }
  }
  assert.ok(count > 1_000, String(count));
});

type Place = readonly (string | number)[];

function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  // A key more, and an entry more, besides those that are there.
  const more = Array.isArray(value) ? value.length : 'nosuchkey';
  return [at, [...at, more], ...inner.flatMap(([key, each]) => placesOf(each, [...at, key]))];
}

function replaced(value: unknown, [step, ...rest]: Place, by: unknown): unknown {
  if (step === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  copy[step] = replaced(copy[step], rest, by);
  return copy;
}
