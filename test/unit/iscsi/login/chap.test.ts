import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import type { ChapState } from '../../../../src/iscsi/login/chap.ts';
import { CHAP_ALGORITHMS, chapResponse, stepChap } from '../../../../src/iscsi/login/chap.ts';
import { CREDENTIALS, countingRandom } from './login-fixture.ts';

const SETTINGS = { md5: true };
const START: ChapState = { kind: 'awaitAlgorithm' };

const keysOf = (keys: Readonly<Record<string, string>>) => new Map(Object.entries(keys));

function step(
  state: ChapState,
  keys: Readonly<Record<string, string>>,
  authentication = CREDENTIALS,
) {
  const random = countingRandom();
  return stepChap(state, keysOf(keys), authentication, random, SETTINGS);
}

/** The state after the algorithm was chosen. */
function challenged(list: string) {
  const chosen = step(START, { CHAP_A: list });
  assert.ok(chosen !== undefined && chosen.state.kind === 'awaitResponse');
  return chosen.state;
}

function hash(name: string, identifier: number, secret: string, challenge: Uint8Array): string {
  const input = Buffer.concat([Buffer.of(identifier), Buffer.from(secret), challenge]);
  return `0x${createHash(name).update(input).digest('hex')}`;
}

test('MD5 responses are those of published vectors', () => {
  // Proves: the order of identifier, secret, challenge, by the vectors of PEAR's Crypt_CHAP tests.
  const challenge = Buffer.from('102DB5DF085D3041', 'hex');
  for (const [secret, expected] of [
    ['MyPw', '8f028814450d66d94c72331ef455a172'],
    ['sepp', 'd39bfaf5d6855a948c8c81a85947502c'],
  ] as const) {
    const response = chapResponse(CHAP_ALGORITHMS[0]!, 1, Buffer.from(secret), challenge);
    assert.equal(Buffer.from(response).toString('hex'), expected);
  }
});

test('each algorithm authenticates both sides', () => {
  // Proves: numbers 5 to 8 stand for MD5, SHA1, SHA-256, SHA3-256; mutual proof over our secret.
  const hashes = [
    ['5', 'md5', 16],
    ['6', 'sha1', 20],
    ['7', 'sha256', 32],
    ['8', 'sha3-256', 32],
  ] as const;
  for (const [number, name, length] of hashes) {
    const state = challenged(number);
    assert.equal(state.algorithm.digestLength, length);
    const peer = Buffer.from('a challenge of the initiator');
    const done = step(state, {
      CHAP_N: 'alice',
      CHAP_R: hash(name, state.identifier, 'secret-of-alice', state.challenge),
      CHAP_I: '9',
      CHAP_C: `0b${peer.toString('base64')}`,
    });
    assert.equal(done?.state.kind, 'authenticated');
    assert.deepEqual(done.replies, [
      { key: 'CHAP_N', value: 'gateway' },
      { key: 'CHAP_R', value: hash(name, 9, 'secret-of-target', peer) },
    ]);
  }
});

test("the first of the initiator's list that is supported is chosen", () => {
  // Proves: order, unknown numbers skipped, MD5 forbidden by the setting, none left refused.
  const choose = (list: string, md5 = true) =>
    stepChap(START, keysOf({ CHAP_A: list }), CREDENTIALS, countingRandom(), { md5 })?.replies[0]
      ?.value;
  assert.equal(choose('7,5'), '7');
  assert.equal(choose('129,8,5'), '8');
  assert.equal(choose('5,6', false), '6');
  assert.equal(choose('5', false), undefined);
  assert.equal(choose('99'), undefined);
  assert.equal(choose(''), undefined);
});

test('one way needs no proof of the target', () => {
  // Proves: without CHAP_I and CHAP_C there is nothing to answer, also without target credentials.
  const state = challenged('5');
  const done = step(
    state,
    { CHAP_N: 'alice', CHAP_R: hash('md5', state.identifier, 'secret-of-alice', state.challenge) },
    { initiator: CREDENTIALS.initiator, target: undefined },
  );
  const proved = { kind: 'authenticated', algorithm: 5, isMutual: false };
  assert.deepEqual(done, { state: proved, replies: [] });
});

test('whatever is wrong is refused alike', () => {
  // Proves: user, secret, missing and malformed keys, reflection, mutual without credentials.
  const state = challenged('7');
  const right = hash('sha256', state.identifier, 'secret-of-alice', state.challenge);
  const wrong: Readonly<Record<string, string>>[] = [
    {},
    { CHAP_N: 'alice' },
    { CHAP_R: right },
    { CHAP_N: 'bob', CHAP_R: right },
    { CHAP_N: 'Alice', CHAP_R: right },
    { CHAP_N: 'alice', CHAP_R: hash('sha256', state.identifier, 'guess', state.challenge) },
    { CHAP_N: 'alice', CHAP_R: right.slice(0, -2) },
    { CHAP_N: 'alice', CHAP_R: `${right}00` },
    { CHAP_N: 'alice', CHAP_R: 'nonsense' },
    { CHAP_N: 'alice', CHAP_R: right, CHAP_A: '7' },
    { CHAP_N: 'alice', CHAP_R: right, CHAP_I: '1' },
    { CHAP_N: 'alice', CHAP_R: right, CHAP_C: '0x0102' },
    { CHAP_N: 'alice', CHAP_R: right, CHAP_I: '256', CHAP_C: '0x0102' },
    { CHAP_N: 'alice', CHAP_R: right, CHAP_I: '1', CHAP_C: `0x${'ab'.repeat(1025)}` },
    {
      CHAP_N: 'alice',
      CHAP_R: right,
      CHAP_I: '1',
      CHAP_C: `0x${Buffer.from(state.challenge).toString('hex')}`,
    },
  ];
  for (const keys of wrong) assert.equal(step(state, keys), undefined, JSON.stringify(keys));
  const mutual = { CHAP_N: 'alice', CHAP_R: right, CHAP_I: '1', CHAP_C: '0x0102' };
  assert.ok(step(state, mutual));
  const oneWay = { initiator: CREDENTIALS.initiator, target: undefined };
  assert.equal(step(state, mutual, oneWay), undefined);
  assert.equal(step({ kind: 'authenticated', algorithm: 5, isMutual: false }, mutual), undefined);
  assert.equal(step(START, { CHAP_A: '7', CHAP_N: 'alice' }), undefined);
});

test('one secret for both sides does not let an initiator reuse our answer', () => {
  // Proves: with equal secrets, a mutual exchange whose two responses are equal is refused.
  const state = challenged('5');
  const shared = { user: 'alice', secret: Buffer.from('same') };
  const response = hash('md5', state.identifier, 'same', state.challenge);
  const reflected = {
    CHAP_N: 'alice',
    CHAP_R: response,
    CHAP_I: String(state.identifier),
    CHAP_C: `0x${Buffer.from(state.challenge).toString('hex')}`,
  };
  assert.equal(step(state, reflected, { initiator: shared, target: shared }), undefined);
});
