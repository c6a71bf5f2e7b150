// Proves that a token says at any gateway of its cluster what was put into it, and that no other
// bytes are taken for one: each kind of bad token has its own sense.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TOKEN_RANGES_MAX } from '../../../../src/scsi/copy/copy-limits.ts';
import { type OpenedToken, RodTokens } from '../../../../src/scsi/copy/rod-tokens.ts';
import { conditions, results } from '../../../../src/scsi/sense-table.ts';
import { RodTokenHead, RodType } from '../../../../src/scsi/standard/rod-token.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { zeroToken } from '../../../support/token-lists.ts';

const uuid = '8f9c0c8e-6a55-4a5e-9b0e-0f2f2a1c7d11';
const random = new SeededRandom(1);
const keyOf = (fill: number) => async () => new Uint8Array(32).fill(fill);
const tokensAt = (utcMs: number, fill = 1) =>
  new RodTokens({ key: keyOf(fill), utcMs: () => utcMs, random });
const ranges = [{ lba: 2 ** 40, blocks: 0xffff_ffff }];

async function made(): Promise<Uint8Array> {
  return (await tokensAt(1000).make({ uuid, ranges, bytes: 9 }, 60)) ?? assert.fail('no key');
}

const openedAt = (utcMs: number, token: Uint8Array): Promise<OpenedToken> =>
  tokensAt(utcMs).open(token);

test('a token has what it was made of, at every gateway', async () => {
  const range = fc.record(
    { lba: fc.nat(2 ** 31 - 1), blocks: fc.nat() },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: TOKEN_RANGES_MAX }), async (runs) => {
      const token = await tokensAt(5).make({ uuid, ranges: runs, bytes: 7 }, 1);
      assert.deepEqual(await openedAt(1004, token!), {
        ...{ uuid, ranges: runs, bytes: 7 },
        expiresMs: 1005,
      });
    }),
    { numRuns: 50 },
  );
});

test('its head is that of the standard', async () => {
  const token = await made();
  assert.deepEqual([...token.subarray(0, 8)], [0, 1, 0, 0, 0, 0, 0x01, 0xf8]);
  assert.deepEqual([...token.subarray(48, 64)], [...new Uint8Array(15), 9]);
});

test('a token expires', async () => {
  const token = await made();
  assert.ok('uuid' in ((await openedAt(60_999, token)) as object));
  assert.equal(await openedAt(61_000, token), conditions.tokenExpired);
});

test('any changed bit makes it void', async () => {
  const token = await made();
  const bit = fc.nat(token.length * 8 - 1);
  await fc.assert(
    fc.asyncProperty(bit, async (at) => {
      const forged = token.slice();
      forged[at >> 3]! ^= 1 << (at & 7);
      assert.ok('status' in ((await openedAt(1000, forged)) as object), `bit ${at}`);
    }),
    { numRuns: 300 },
  );
});

test('each kind of bad token has its own sense', async () => {
  const token = await made();
  const foreign = await tokensAt(1000, 2).make({ uuid, ranges, bytes: 9 }, 60);
  assert.equal(await openedAt(1000, foreign!), conditions.tokenUnknown);
  const forged = token.slice();
  forged[300]! ^= 1;
  assert.equal(await openedAt(1000, forged), conditions.tokenCorrupt);
  const shortened = token.slice();
  RodTokenHead.rodTokenLength.set(shortened, 0x1f0);
  assert.equal(await openedAt(1000, shortened), conditions.invalidTokenLength);
  const other = token.slice();
  RodTokenHead.rodType.set(other, 0x0080_0000);
  assert.equal(await openedAt(1000, other), conditions.unsupportedTokenType);
});

test('the token of zeros needs no key', async () => {
  const keyless = new RodTokens({ key: async () => undefined, utcMs: () => 0, random });
  assert.equal(await keyless.open(zeroToken()), 'zeros');
  const shortened = zeroToken();
  RodTokenHead.rodTokenLength.set(shortened, 0);
  assert.equal(await keyless.open(shortened), conditions.invalidTokenLength);
  assert.equal(RodTokenHead.rodType.get(zeroToken()), RodType.blockZero);
});

test('without a key nothing is made, and tokens are asked for again', async () => {
  const keyless = new RodTokens({ key: async () => undefined, utcMs: () => 0, random });
  assert.equal(await keyless.make({ uuid, ranges, bytes: 9 }, 60), undefined);
  assert.equal(await keyless.open(await made()), results.busy);
});
