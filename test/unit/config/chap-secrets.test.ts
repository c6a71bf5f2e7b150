// Proves that a document in which the target's own answer would do for an initiator's is refused,
// wherever in the document the two secrets are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkSecrets } from '../../../src/config/chap-secrets.ts';
import { parseDocument } from '../../../src/config/parse.ts';
import { CHAP_ALGORITHMS, chapResponse } from '../../../src/iscsi/login/chap.ts';

const SECRET = 'hunter2hunter2';
const OTHER = 'another-secret';

interface Chap {
  readonly user: string;
  readonly secret: string;
  readonly mutual?: { readonly user: string; readonly secret: string };
}

const plain = (secret: string): Chap => ({ user: 'u', secret });
const mutual = (secret: string, back: string): Chap => ({
  ...plain(secret),
  mutual: { user: 't', secret: back },
});

interface Chaps {
  readonly discovery?: Chap;
  readonly target?: Chap;
  readonly entry?: Chap;
  readonly otherEntry?: Chap;
}

function problems({ discovery, target, entry, otherEntry }: Chaps): string[] {
  const result = parseDocument(
    JSON.stringify({
      formatVersion: 1,
      discovery: { chap: discovery },
      targets: [
        { iqn: 'iqn.2026-11.com.example:a', access: 'any', chap: target },
        {
          iqn: 'iqn.2026-11.com.example:b',
          access: [
            { initiator: 'iqn.2026-11.com.example:i', chap: entry },
            { initiator: 'iqn.2026-11.com.example:j', chap: otherEntry },
          ],
        },
      ],
    }),
  );
  if (result.ok) return [];
  const found = result.problems.map(({ path, message }) => `${path} ${message}`);
  assert.ok(!found.join().includes(SECRET), 'a secret shows');
  return found;
}

const places = {
  discovery: 'discovery.chap',
  target: 'targets[0].chap',
  entry: 'targets[1].access[0].chap',
  otherEntry: 'targets[1].access[1].chap',
} as const;

test('a mutual secret is no secret of an initiator, in every pair of places', () => {
  const keys = Object.keys(places) as (keyof typeof places)[];
  for (const one of keys) {
    for (const two of keys) {
      const chaps =
        one === two
          ? { [one]: mutual(SECRET, SECRET) }
          : { [one]: mutual(OTHER, SECRET), [two]: plain(SECRET) };
      assert.deepEqual(
        problems(chaps),
        [
          `${places[one]}.mutual.secret is equal to ${places[two]}.secret: a login could be ` +
            "answered with the target's own answer; choose another",
        ],
        `${one} ${two}`,
      );
    }
  }
});

test('a secret that begins with another is refused: the rest moves into the challenge', () => {
  const challenge = Buffer.from('0123456789abcdef0123456789abcdef');
  const algorithm = CHAP_ALGORITHMS[0]!;
  const whole = Buffer.from(`${SECRET}-rest`);
  const answer = chapResponse(
    algorithm,
    5,
    Buffer.from(SECRET),
    Buffer.concat([Buffer.from('-rest'), challenge]),
  );
  assert.deepEqual(answer, chapResponse(algorithm, 5, whole, challenge));
  for (const [own, back] of [
    [`${SECRET}-rest`, SECRET],
    [SECRET, `${SECRET}x`],
  ] as const) {
    const found = problems({ target: mutual(OTHER, back), entry: plain(own) });
    assert.match(
      found[0] ?? '',
      /^targets\[0\]\.chap\.mutual\.secret begins like targets\[1\]\.acc/,
    );
    assert.equal(found.length, 1);
  }
});

test('initiators may share a secret, and so may entries that the target proves itself to', () => {
  assert.deepEqual(problems({ target: plain(SECRET), entry: plain(SECRET) }), []);
  const back = 'the target, to all';
  assert.deepEqual(problems({ target: mutual(SECRET, back), entry: mutual(OTHER, back) }), []);
  assert.deepEqual(
    problems({ target: mutual(SECRET, `${OTHER}`), entry: plain('anotherseCret') }),
    [],
  );
});

test('each mutual secret is told once, whatever the secrets are', () => {
  const secret = fc.array(fc.constantFrom('a', 'b', 'ü'), { minLength: 1, maxLength: 4 });
  const chap = fc.tuple(secret, fc.option(secret)).map(([own, back]) => {
    return back === null ? plain(own.join('')) : mutual(own.join(''), back.join(''));
  });
  fc.assert(
    fc.property(fc.array(chap, { maxLength: 8 }), (chaps) => {
      const found = checkSecrets(chaps.map((each, i) => ({ chap: each, path: [i, 'chap'] })));
      const expected = chaps.flatMap(({ mutual: back }, i) => {
        if (back === undefined) return [];
        const isBad = chaps.some(
          ({ secret: own }) => own.startsWith(back.secret) || back.secret.startsWith(own),
        );
        return isBad ? [i] : [];
      });
      assert.deepEqual(found.map(({ path }) => path[0]).sort(), expected);
    }),
  );
});

test('many equal secrets are checked in time that the length of a document allows', () => {
  const chaps = Array.from({ length: 10_000 }, (_, i) => {
    return { chap: mutual(SECRET, SECRET), path: [i, 'chap'] };
  });
  const before = process.cpuUsage();
  assert.equal(checkSecrets(chaps).length, chaps.length);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 20_000_000, `${user} us`);
});
