import type { Random } from '../../src/base/random.ts';

/**
 * The cipher of a key. Ceph 19.2.6, 20.2.4 and later prefer `aes256k`, and a new cluster of these
 * releases refuses `aes`, the only cipher of earlier releases.
 */
export type CephCipher = keyof typeof CIPHERS;

const CIPHERS = {
  aes: { type: 1, secretBytes: 16 },
  aes256k: { type: 2, secretBytes: 32 },
} as const;

export function isCephCipher(name: string): name is CephCipher {
  return Object.hasOwn(CIPHERS, name);
}

/** The capabilities of a client or daemon of a cluster, such as `mon` to `allow *`. */
export type Capabilities = Readonly<Record<string, string>>;

/** One entry of a keyring. */
export interface CephKey {
  /** `client.admin`, `osd.0`. */
  readonly entity: string;
  /** Base64. A secret, which must not appear in any message or log. */
  readonly key: string;
  readonly caps: Capabilities;
}

/**
 * A new key, like that of `ceph-authtool --gen-key`: type (16 bits), time of creation (seconds and
 * nanoseconds, 32 bits each), length (16 bits) and secret, all little-endian.
 */
export function makeCephKey(
  entity: string,
  caps: Capabilities,
  random: Random,
  { cipher, createdSeconds }: { readonly cipher: CephCipher; readonly createdSeconds: number },
): CephKey {
  const { type, secretBytes } = CIPHERS[cipher];
  const head = Buffer.alloc(12);
  head.writeUInt16LE(type, 0);
  head.writeUInt32LE(createdSeconds, 2);
  head.writeUInt32LE(0, 6);
  head.writeUInt16LE(secretBytes, 10);
  const key = Buffer.concat([head, random.bytes(secretBytes)]).toString('base64');
  return { entity, key, caps };
}

/** The text of a keyring file. */
export function keyringText(keys: readonly CephKey[]): string {
  return keys
    .map(({ entity, key, caps }) => {
      const lines = Object.entries(caps).map(([service, may]) => `\tcaps ${service} = "${may}"\n`);
      return `[${entity}]\n\tkey = ${key}\n${lines.join('')}`;
    })
    .join('');
}
