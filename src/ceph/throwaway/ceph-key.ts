import type { Random } from '../../base/random.ts';

/** AES, as `ceph-authtool` makes them. */
const KEY_TYPE_AES = 1;
const SECRET_LENGTH_BYTES = 16;

/** What a client or daemon of a cluster may do: `mon` to `allow *`, say. */
export type Capabilities = Readonly<Record<string, string>>;

/** One entry of a keyring. */
export interface CephKey {
  /** `client.admin`, `osd.0`. */
  readonly entity: string;
  /** Base64. A secret: it is in no message and no log. */
  readonly key: string;
  readonly caps: Capabilities;
}

/**
 * A new key, as `ceph-authtool --gen-key` makes it: type (16 bits), time of creation (seconds and
 * nanoseconds, 32 bits each), length (16 bits) and secret, all little-endian.
 */
export function makeCephKey(
  entity: string,
  caps: Capabilities,
  random: Random,
  createdSeconds: number,
): CephKey {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(KEY_TYPE_AES, 0);
  head.writeUInt32LE(createdSeconds, 2);
  head.writeUInt32LE(0, 6);
  head.writeUInt16LE(SECRET_LENGTH_BYTES, 10);
  const key = Buffer.concat([head, random.bytes(SECRET_LENGTH_BYTES)]).toString('base64');
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
