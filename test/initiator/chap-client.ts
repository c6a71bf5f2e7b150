import { createHash, randomBytes } from 'node:crypto';
import { violation } from './initiator-error.ts';
import type { Keys } from './keys.ts';

/** CHAP algorithm numbers (IANA), strongest first, with the names of node:crypto. */
export const ChapAlgorithm: Readonly<Record<number, string>> = {
  8: 'sha3-256',
  7: 'sha256',
  6: 'sha1',
  5: 'md5',
};

export interface ChapOptions {
  readonly user: string;
  readonly secret: string | Uint8Array;
  /** Offered in this order. */
  readonly algorithms?: readonly number[];
  /** Set: the target must prove that it knows this secret. */
  readonly mutual?: { readonly user: string; readonly secret: string | Uint8Array };
  /** How we send binary values. */
  readonly encoding?: 'hex' | 'base64';
  /** Sent in place of the values computed: for tests of refusals. */
  readonly override?: Readonly<Record<string, string>>;
}

/** The initiator's side of a CHAP exchange (RFC 7143, "Challenge Handshake Authentication"). */
export class ChapClient {
  readonly #options: ChapOptions;
  #algorithm = 0;
  readonly #identifier = randomBytes(1)[0]!;
  #challenge: Buffer = Buffer.alloc(0);

  constructor(options: ChapOptions) {
    this.#options = options;
  }

  get offered(): readonly number[] {
    return this.#options.algorithms ?? [8, 7, 6, 5];
  }

  offer(): Map<string, string> {
    return new Map([['CHAP_A', this.offered.join(',')]]);
  }

  /** Our answer to CHAP_A, CHAP_I and CHAP_C. */
  respond(keys: Keys): Map<string, string> {
    this.#algorithm = Number(keys.get('CHAP_A'));
    if (!this.offered.includes(this.#algorithm)) throw violation(`CHAP_A=${keys.get('CHAP_A')}`);
    const identifier = Number(keys.get('CHAP_I'));
    if (!(identifier >= 0 && identifier <= 255)) throw violation(`CHAP_I=${keys.get('CHAP_I')}`);
    const challenge = decodeBinary(keys.get('CHAP_C') ?? '');
    if (challenge.length < 1 || challenge.length > 1024) throw violation('length of CHAP_C');
    const { user, secret, mutual, override } = this.#options;
    const answer = new Map([
      ['CHAP_N', user],
      ['CHAP_R', this.#encode(this.#digest(identifier, secret, challenge))],
    ]);
    if (mutual !== undefined) {
      this.#challenge = randomBytes(challenge.length);
      answer.set('CHAP_I', String(this.#identifier));
      answer.set('CHAP_C', this.#encode(this.#challenge));
    }
    for (const [key, value] of Object.entries(override ?? {})) answer.set(key, value);
    return answer;
  }

  /** Checks the target's own proof, if we asked for one. */
  verify(keys: Keys): void {
    const { mutual } = this.#options;
    if (mutual === undefined) return;
    const expected = this.#digest(this.#identifier, mutual.secret, this.#challenge);
    if (keys.get('CHAP_N') !== mutual.user) throw violation(`CHAP_N=${keys.get('CHAP_N')}`);
    if (!decodeBinary(keys.get('CHAP_R') ?? '').equals(expected)) throw violation('CHAP_R');
  }

  #digest(identifier: number, secret: string | Uint8Array, challenge: Buffer): Buffer {
    return createHash(ChapAlgorithm[this.#algorithm]!)
      .update(Buffer.of(identifier))
      .update(secret)
      .update(challenge)
      .digest();
  }

  #encode(bytes: Buffer): string {
    if (this.#options.encoding === 'base64') return `0b${bytes.toString('base64')}`;
    return `0x${bytes.toString('hex')}`;
  }
}

/** A binary value of RFC 7143: 0x hexadecimal or 0b base64. */
export function decodeBinary(value: string): Buffer {
  if (/^0[xX]([0-9a-fA-F]{2})+$/.test(value)) return Buffer.from(value.slice(2), 'hex');
  if (/^0[bB][0-9a-zA-Z+/]+=*$/.test(value)) return Buffer.from(value.slice(2), 'base64');
  throw violation('binary value in neither hexadecimal nor base64');
}
