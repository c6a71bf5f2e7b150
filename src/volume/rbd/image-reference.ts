/** An image that another one is read through. */
export interface ImageReference {
  readonly poolId: number;
  readonly namespace: string;
  readonly id: string;
}

/** Version, oldest reader's version, and length in four bytes stand before each structure. */
const STRUCT_HEAD_BYTES = 6;
/** Of a parent whose namespace is named. */
const PARENT_WITH_NAMESPACE = 2;
const MIGRATION_DESTINATION = 2;

/**
 * The parent that the header of a clone names (`cls_rbd_parent`); undefined when the image no
 * longer reads from it, or when it cannot be decoded.
 */
export function parentOf(bytes: Uint8Array): ImageReference | undefined {
  return decoded(bytes, (reader) => {
    const version = reader.u8();
    reader.skip(STRUCT_HEAD_BYTES - 1);
    const poolId = reader.i64();
    const namespace = version >= PARENT_WITH_NAMESPACE ? reader.text() : '';
    const id = reader.text();
    reader.skip(SNAPSHOT_ID_BYTES);
    const hasOverlap = version < PARENT_WITH_NAMESPACE || reader.u8() !== 0;
    const overlapBytes = hasOverlap ? reader.i64() : 0;
    return poolId < 0 || overlapBytes === 0 ? undefined : { poolId, namespace, id };
  });
}

const SNAPSHOT_ID_BYTES = 8;

/** The image that one under migration is still read from (`cls::rbd::MigrationSpec`). */
export function migrationSource(bytes: Uint8Array): ImageReference | undefined {
  return decoded(bytes, (reader) => {
    reader.skip(STRUCT_HEAD_BYTES);
    const isDestination = reader.u8() === MIGRATION_DESTINATION;
    const poolId = reader.i64();
    const namespace = reader.text();
    reader.text();
    const id = reader.text();
    // It is imported from elsewhere when it names no pool.
    return isDestination && poolId >= 0 ? { poolId, namespace, id } : undefined;
  });
}

function decoded<T>(bytes: Uint8Array, decode: (reader: Reader) => T): T | undefined {
  try {
    return decode(new Reader(bytes));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Ceph's encoding: little-endian, texts after their length. Throws RangeError at the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  skip(length: number): void {
    if (this.#at + length > this.#bytes.length) throw new RangeError('the bytes are too few');
    this.#at += length;
  }

  u8(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  i64(): number {
    const value = this.#bytes.readBigInt64LE(this.#at);
    this.#at += 8;
    return Number(value);
  }

  text(): string {
    const length = this.#bytes.readUInt32LE(this.#at);
    const start = this.#at + 4;
    this.skip(4 + length);
    return this.#bytes.toString('utf8', start, start + length);
  }
}
