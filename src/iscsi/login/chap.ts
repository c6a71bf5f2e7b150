import { createHash, timingSafeEqual } from 'node:crypto';

import type { Random } from '../../base/random.ts';
import type { Authentication } from '../contracts.ts';
import type { TextPair } from '../wire/text.ts';
import { parseNumber } from '../wire/text.ts';
import { formatBinary, parseBinary } from './binary-value.ts';

/** A CHAP algorithm: its number among the PPP authentication algorithms of IANA. */
interface ChapAlgorithm {
  readonly number: number;
  /** Name of the hash in node:crypto. */
  readonly hash: string;
  readonly digestLength: number;
}

export const CHAP_ALGORITHMS: readonly ChapAlgorithm[] = [
  { number: 5, hash: 'md5', digestLength: 16 },
  { number: 6, hash: 'sha1', digestLength: 20 },
  { number: 7, hash: 'sha256', digestLength: 32 },
  { number: 8, hash: 'sha3-256', digestLength: 32 },
];

export const MD5_NUMBER = 5;

/** Bytes of the challenges that we send: as many as the longest digest has. */
const CHALLENGE_LENGTH = 32;
/** Bounds of the challenges that we answer (RFC 7143 allows up to 1024 bytes). */
const PEER_CHALLENGE_LENGTH_MIN = 1;
const PEER_CHALLENGE_LENGTH_MAX = 1024;

/** How an exchange ended. */
export interface ChapResult {
  /** Number of the algorithm. */
  readonly algorithm: number;
  /** The initiator also asked the target for its proof, and got it. */
  readonly isMutual: boolean;
}

/** The target's side of one CHAP exchange. */
export type ChapState =
  | { readonly kind: 'awaitAlgorithm' }
  | {
      readonly kind: 'awaitResponse';
      readonly algorithm: ChapAlgorithm;
      readonly identifier: number;
      readonly challenge: Uint8Array;
    }
  | ({ readonly kind: 'authenticated' } & ChapResult);

/** Undefined: refused. The reason is withheld, because it would help an attacker to guess. */
type ChapStep = { readonly state: ChapState; readonly replies: readonly TextPair[] } | undefined;

export interface ChapSettings {
  /** MD5 is what most initiators still speak; a setting may forbid it. */
  readonly md5: boolean;
}

/** Takes the CHAP keys of one text. */
export function stepChap(
  state: ChapState,
  keys: ReadonlyMap<string, string>,
  authentication: Authentication,
  random: Random,
  settings: ChapSettings,
): ChapStep {
  switch (state.kind) {
    case 'awaitAlgorithm':
      return chooseAlgorithm(keys, random, settings);
    case 'awaitResponse':
      return checkResponse(state, keys, authentication);
    case 'authenticated':
      return undefined;
  }
}

/** The response to a challenge: hash of identifier, secret, challenge (RFC 1994). */
export function chapResponse(
  algorithm: ChapAlgorithm,
  identifier: number,
  secret: Uint8Array,
  challenge: Uint8Array,
): Uint8Array {
  return createHash(algorithm.hash)
    .update(Uint8Array.of(identifier))
    .update(secret)
    .update(challenge)
    .digest();
}

function chooseAlgorithm(
  keys: ReadonlyMap<string, string>,
  random: Random,
  settings: ChapSettings,
): ChapStep {
  const list = keys.get('CHAP_A');
  if (list === undefined || keys.size !== 1) return undefined;
  const algorithm = list
    .split(',')
    .map((each) => CHAP_ALGORITHMS.find(({ number }) => String(number) === each))
    .find((each) => each !== undefined && (settings.md5 || each.number !== MD5_NUMBER));
  if (algorithm === undefined) return undefined;
  const identifier = random.below(256);
  const challenge = random.bytes(CHALLENGE_LENGTH);
  return {
    state: { kind: 'awaitResponse', algorithm, identifier, challenge },
    replies: [
      { key: 'CHAP_A', value: String(algorithm.number) },
      { key: 'CHAP_I', value: String(identifier) },
      { key: 'CHAP_C', value: formatBinary(challenge) },
    ],
  };
}

type AwaitResponse = Extract<ChapState, { kind: 'awaitResponse' }>;

function checkResponse(
  state: AwaitResponse,
  keys: ReadonlyMap<string, string>,
  authentication: Authentication,
): ChapStep {
  const { algorithm, identifier, challenge } = state;
  const name = keys.get('CHAP_N');
  const response = binaryOf(keys, 'CHAP_R', algorithm.digestLength);
  if (name === undefined || response === undefined || keys.has('CHAP_A')) return undefined;

  // Both are compared before either decides, so that time does not tell which was wrong.
  const { user, secret } = authentication.initiator;
  const expected = chapResponse(algorithm, identifier, secret, challenge);
  const responseRight = response.length === expected.length && timingSafeEqual(response, expected);
  const nameRight = sameText(name, user);
  if (!responseRight || !nameRight) return undefined;

  const proof = proveTarget(state, keys, response, authentication);
  if (proof === undefined) return undefined;
  const result = { algorithm: algorithm.number, isMutual: proof.length > 0 };
  return { state: { kind: 'authenticated', ...result }, replies: proof };
}

/** Our own proof, if it was asked for (mutual CHAP); undefined: refused. */
function proveTarget(
  state: AwaitResponse,
  keys: ReadonlyMap<string, string>,
  initiatorResponse: Uint8Array,
  authentication: Authentication,
): readonly TextPair[] | undefined {
  const identifierText = keys.get('CHAP_I');
  if (identifierText === undefined && !keys.has('CHAP_C')) return [];
  const identifier = identifierText === undefined ? undefined : parseNumber(identifierText);
  const challenge = binaryOf(keys, 'CHAP_C', PEER_CHALLENGE_LENGTH_MAX);
  if (identifier === undefined || identifier > 255 || challenge === undefined) return undefined;
  if (challenge.length < PEER_CHALLENGE_LENGTH_MIN || authentication.target === undefined) {
    return undefined;
  }
  // Reflection: a peer that sends our challenge back wants us to compute its answer.
  if (sameBytes(challenge, state.challenge)) return undefined;
  const { user, secret } = authentication.target;
  const response = chapResponse(state.algorithm, identifier, secret, challenge);
  if (sameBytes(response, initiatorResponse)) return undefined;
  return [
    { key: 'CHAP_N', value: user },
    { key: 'CHAP_R', value: formatBinary(response) },
  ];
}

function binaryOf(
  keys: ReadonlyMap<string, string>,
  key: string,
  lengthMax: number,
): Uint8Array | undefined {
  const value = keys.get(key);
  return value === undefined ? undefined : parseBinary(value, lengthMax);
}

/** Compares in a time that does not depend on where the two differ. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
