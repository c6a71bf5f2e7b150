import { createHmac, timingSafeEqual } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { layout, u8, u32, u64 } from '../../base/bytes/layout.ts';
import type { Random } from '../../base/random.ts';
import type { BlockRun } from '../block-range.ts';
import type { CommandResult } from '../command-result.ts';
import { conditions, results } from '../sense-table.ts';
import {
  ROD_TOKEN_BYTES,
  ROD_TOKEN_LENGTH_BASE,
  RodTokenHead,
  RodType,
  TOKEN_EXTENDED_BYTE,
} from '../standard/rod-token.ts';
import { TOKEN_RANGES_MAX } from './copy-limits.ts';

/** What a token says: where its data are, and until when it is honoured. */
export interface TokenContent {
  /** Of the disk that it was made from. */
  readonly uuid: string;
  readonly ranges: readonly BlockRun[];
  readonly bytes: number;
  /** UTC, in milliseconds. */
  readonly expiresMs: number;
}

/** The token of zeros, which every copy manager knows, has no content. */
export type OpenedToken = TokenContent | 'zeros' | CommandResult;

interface RodTokensOptions {
  /** The key of the cluster; undefined while the store does not give it. */
  readonly key: () => Promise<Uint8Array | undefined>;
  readonly utcMs: () => number;
  readonly random: Random;
}

const FORMAT_VERSION = 1;
const UUID_BYTES = 36;
const KEY_ID_BYTES = 8;
const RANGE_BYTES = 12;
const SEAL_BYTES = 32;

/** The part of a token that only its cluster reads. */
const Extended = layout('ROD token of this cluster', ROD_TOKEN_BYTES, {
  formatVersion: u8(TOKEN_EXTENDED_BYTE),
  rangeCount: u8(TOKEN_EXTENDED_BYTE + 1),
  expiresMs: u64(TOKEN_EXTENDED_BYTE + 12),
});
const KEY_ID_BYTE = TOKEN_EXTENDED_BYTE + 4;
const UUID_BYTE = TOKEN_EXTENDED_BYTE + 20;
const RANGES_BYTE = UUID_BYTE + UUID_BYTES;
const SEAL_BYTE = ROD_TOKEN_BYTES - SEAL_BYTES;
assert(RANGES_BYTE + TOKEN_RANGES_MAX * RANGE_BYTES <= SEAL_BYTE, 'a token holds its ranges');

const TokenRange = layout('range in a ROD token', RANGE_BYTES, { lba: u64(0), blocks: u32(8) });

/**
 * Makes and opens tokens. A token contains all that its use needs, under a seal (HMAC-SHA-256) that
 * any gateway of the cluster can check, so no gateway keeps a list of tokens.
 */
export class RodTokens {
  readonly #options: RodTokensOptions;

  constructor(options: RodTokensOptions) {
    this.#options = options;
  }

  /** A token that expires so many seconds from now; undefined while there is no key. */
  async make(
    { uuid, ranges, bytes }: Omit<TokenContent, 'expiresMs'>,
    lifetimeS: number,
  ): Promise<Uint8Array | undefined> {
    const key = await this.#options.key();
    if (key === undefined) return undefined;
    assert(ranges.length <= TOKEN_RANGES_MAX, 'the ranges of a token were counted');
    assert(uuid.length === UUID_BYTES, 'a disk has a UUID');
    const token = new Uint8Array(ROD_TOKEN_BYTES);
    RodTokenHead.rodType.set(token, RodType.accessUponReference);
    RodTokenHead.rodTokenLength.set(token, ROD_TOKEN_BYTES - ROD_TOKEN_LENGTH_BASE);
    token.set(this.#options.random.bytes(8), RodTokenHead.copyManagerRodTokenIdentifier.byte);
    RodTokenHead.bytesRepresented.set(token, bytes);
    Extended.formatVersion.set(token, FORMAT_VERSION);
    Extended.rangeCount.set(token, ranges.length);
    Extended.expiresMs.set(token, this.#options.utcMs() + lifetimeS * 1000);
    token.set(keyIdOf(key), KEY_ID_BYTE);
    token.set(new TextEncoder().encode(uuid), UUID_BYTE);
    for (const [i, { lba, blocks }] of ranges.entries()) {
      TokenRange.lba.set(token, lba, RANGES_BYTE + i * RANGE_BYTES);
      TokenRange.blocks.set(token, blocks, RANGES_BYTE + i * RANGE_BYTES);
    }
    token.set(sealOf(key, token), SEAL_BYTE);
    return token;
  }

  /** A result says why the token is not honoured. */
  async open(token: Uint8Array): Promise<OpenedToken> {
    assert(token.length === ROD_TOKEN_BYTES, 'a parameter list has room for a token');
    const isWhole =
      RodTokenHead.rodTokenLength.get(token) === ROD_TOKEN_BYTES - ROD_TOKEN_LENGTH_BASE;
    const type = RodTokenHead.rodType.get(token);
    if (type === RodType.blockZero) return isWhole ? 'zeros' : conditions.invalidTokenLength;
    if (type !== RodType.accessUponReference) return conditions.unsupportedTokenType;
    if (!isWhole) return conditions.invalidTokenLength;
    const key = await this.#options.key();
    if (key === undefined) return results.busy;
    const keyId = token.subarray(KEY_ID_BYTE, KEY_ID_BYTE + KEY_ID_BYTES);
    const isOurs = Buffer.compare(keyIdOf(key), keyId) === 0;
    // Another cluster, or another copy manager, made it.
    if (!isOurs || Extended.formatVersion.get(token) !== FORMAT_VERSION) {
      return conditions.tokenUnknown;
    }
    if (!timingSafeEqual(sealOf(key, token), token.subarray(SEAL_BYTE))) {
      return conditions.tokenCorrupt;
    }
    if (this.#options.utcMs() >= Extended.expiresMs.get(token)) return conditions.tokenExpired;
    return contentOf(token);
  }
}

function contentOf(token: Uint8Array): TokenContent {
  const count = Extended.rangeCount.get(token);
  assert(count <= TOKEN_RANGES_MAX, 'a sealed token is whole');
  return {
    uuid: new TextDecoder().decode(token.subarray(UUID_BYTE, UUID_BYTE + UUID_BYTES)),
    ranges: Array.from({ length: count }, (_, i) => ({
      lba: TokenRange.lba.get(token, RANGES_BYTE + i * RANGE_BYTES),
      blocks: TokenRange.blocks.get(token, RANGES_BYTE + i * RANGE_BYTES),
    })),
    bytes: RodTokenHead.bytesRepresented.get(token),
    expiresMs: Extended.expiresMs.get(token),
  };
}

/** Tells the keys of clusters apart, and nothing of the key itself. */
function keyIdOf(key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update('key of ROD tokens').digest().subarray(0, KEY_ID_BYTES);
}

function sealOf(key: Uint8Array, token: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(token.subarray(0, SEAL_BYTE)).digest();
}
