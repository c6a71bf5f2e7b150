import { assert } from '../base/assert.ts';
import { Failure } from '../base/failure.ts';
import type { Random } from '../base/random.ts';
import {
  decodeJsonRecord,
  encodeJsonRecord,
  type JsonRecordFormat,
} from '../records/json-record.ts';
import type { Records } from '../records/records.ts';

const KEY = 'token-key';
const KEY_BYTES = 32;

const FORMAT: JsonRecordFormat<Uint8Array> = {
  kind: 'token key',
  formatVersion: 1,
  decode: (content) => {
    const { key } = content as { key?: unknown };
    if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key)) throw new Error('no key');
    return Buffer.from(key, 'hex');
  },
};

/**
 * The key that seals the tokens of the cluster: made by the first gateway that needs it, and then
 * kept in the store for ever. It never leaves the gateways and their store.
 */
export class TokenKey {
  readonly #records: Pick<Records, 'get' | 'compareAndSet'>;
  readonly #random: Random;
  #key: Uint8Array | undefined;

  constructor(records: Pick<Records, 'get' | 'compareAndSet'>, random: Random) {
    this.#records = records;
    this.#random = random;
  }

  /** Undefined while the store does not give it. */
  async get(): Promise<Uint8Array | undefined> {
    try {
      this.#key ??= await this.#readOrMake();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
    return this.#key;
  }

  async #readOrMake(): Promise<Uint8Array> {
    const known = await this.#records.get(KEY);
    if (known !== undefined) return decodeJsonRecord(FORMAT, known.value);
    const key = this.#random.bytes(KEY_BYTES);
    const value = encodeJsonRecord(FORMAT, { key: Buffer.from(key).toString('hex') });
    const result = await this.#records.compareAndSet(KEY, 0, value);
    if (result.status === 'done') return key;
    assert(result.current !== undefined, 'the key of a cluster is never deleted');
    return decodeJsonRecord(FORMAT, result.current.value);
  }
}
