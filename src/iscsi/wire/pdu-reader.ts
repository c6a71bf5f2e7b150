import type { Slab, SlabSource } from '../../base/slab-pool.ts';
import { AHS_BYTES_MAX, BHS_BYTES, RECEIVE_ROOM_BYTES_MIN } from '../limits.ts';
import { DIGEST_LENGTH } from '../standard/bhs.ts';
import { digestOf, getDigest } from './digest.ts';
import { Pdu } from './pdu.ts';

/** Why a stream of bytes is not a stream of PDUs; each ends the connection. */
export type FramingFault = 'dataSegmentTooLong' | 'headerDigestError';

export interface PduConsumer {
  /** One whole PDU. `dataIntact` is false when its data digest does not match. */
  onPdu(pdu: Pdu, dataIntact: boolean): void;
  /** The stream cannot be read on: nothing after this is looked at. */
  onFramingFault(fault: FramingFault): void;
  /** Asked between PDUs: false stops the parsing until `parse` is called again. */
  readonly ready: boolean;
}

/**
 * Finds PDUs in the receive buffers, in place: no payload is copied or joined. Only a header that
 * lies across two buffers is moved.
 *
 * `buffer()` says where the next bytes of the socket go, `received(n)` that they came.
 */
export class PduReader {
  readonly #consumer: PduConsumer;
  readonly #pdu = new Pdu();
  #dataSegmentMax: number;
  #headerDigest = false;
  #dataDigest = false;

  /** Where buffers come from now; undefined after the end. */
  #pool: SlabSource | undefined;
  #roomBytesMin = BHS_BYTES + AHS_BYTES_MAX;
  /** The buffer in use, and where it came from; undefined: an array of its own. */
  #slab: Slab | undefined;
  #slabPool: SlabSource | undefined;
  #bytes: Uint8Array;
  /** The first byte not parsed, and the first not filled. */
  #start = 0;
  #end = 0;

  /**
   * In the data segment of a PDU whose header is done: the missing bytes, with padding and digest.
   */
  #bodyMissing = -1;
  #dataMissing = 0;
  #trailer = 0;
  #headerCopy: Uint8Array | undefined;
  #stopped = false;

  /** `loginPool`: small buffers for the login; `dataSegmentMax`: the longest data segment in it. */
  constructor(consumer: PduConsumer, loginPool: SlabSource, dataSegmentMax: number) {
    this.#consumer = consumer;
    this.#pool = loginPool;
    this.#slabPool = loginPool;
    this.#slab = loginPool.take();
    this.#bytes = this.#slab.bytes;
    this.#dataSegmentMax = dataSegmentMax;
  }

  /** After the login: the digests that were negotiated. */
  useDigests(header: boolean, data: boolean): void {
    this.#headerDigest = header;
    this.#dataDigest = data;
  }

  /** From now on the buffers of sessions, for data segments of up to `dataSegmentMax` bytes. */
  usePool(pool: SlabSource, dataSegmentMax: number): void {
    this.#pool = pool;
    this.#roomBytesMin = RECEIVE_ROOM_BYTES_MIN;
    this.#dataSegmentMax = dataSegmentMax;
  }

  /** Where the next bytes of the stream go. */
  buffer(): Uint8Array {
    // A stream asks once more when it has ended.
    if (this.#pool === undefined) return this.#bytes;
    if (this.#start === this.#end && this.#bodyMissing < 0 && this.#slab?.exclusive !== false) {
      // No view of this buffer is left, so reading restarts at its beginning, which is warm in the
      // cache.
      this.#start = 0;
      this.#end = 0;
    }
    const isElsewhere = this.#slabPool !== this.#pool;
    if (isElsewhere || this.#bytes.length - this.#end < this.#roomBytesMin) {
      this.#nextBuffer(this.#pool);
    }
    return this.#bytes.subarray(this.#end);
  }

  received(length: number): void {
    this.#end += length;
    this.parse();
  }

  /** Continues where `ready` stopped it. */
  parse(): void {
    while (!this.#stopped && this.#consumer.ready) {
      if (this.#bodyMissing < 0 && !this.#parseHeader()) return;
      if (!this.#takeBody()) return;
      this.#deliver();
    }
  }

  /** A part of a PDU is there. */
  get isWithinPdu(): boolean {
    return this.#bodyMissing >= 0 || this.#start < this.#end;
  }

  /** Releases everything; nothing is parsed afterwards. */
  close(): void {
    this.#stopped = true;
    this.#releaseData();
    this.#slab?.release();
    this.#slab = undefined;
    this.#slabPool = undefined;
    this.#pool = undefined;
    this.#bytes = new Uint8Array(1);
    this.#start = 0;
    this.#end = 0;
  }

  #parseHeader(): boolean {
    const available = this.#end - this.#start;
    if (available < BHS_BYTES) return false;
    const bytes = this.#bytes;
    const base = this.#start;
    const ahsLength = bytes[base + 4]! * 4;
    const dataLength = (bytes[base + 5]! << 16) | (bytes[base + 6]! << 8) | bytes[base + 7]!;
    if (dataLength > this.#dataSegmentMax) return this.#fault('dataSegmentTooLong');
    const headerBytes = BHS_BYTES + ahsLength + (this.#headerDigest ? DIGEST_LENGTH : 0);
    if (available < headerBytes) return false;
    if (this.#headerDigest) {
      const digestAt = base + BHS_BYTES + ahsLength;
      if (digestOf([bytes.subarray(base, digestAt)]) !== getDigest(bytes, digestAt)) {
        return this.#fault('headerDigestError');
      }
    }
    const pdu = this.#pdu;
    pdu.bytes = bytes;
    pdu.base = base;
    pdu.ahsLength = ahsLength;
    pdu.dataLength = dataLength;
    this.#start = base + headerBytes;
    const padding = (4 - (dataLength & 3)) & 3;
    this.#dataMissing = dataLength;
    this.#trailer = dataLength === 0 ? 0 : padding + (this.#dataDigest ? DIGEST_LENGTH : 0);
    this.#bodyMissing = dataLength + this.#trailer;
    return true;
  }

  /** Gathers the data segment; true when it is whole, its padding and digest included. */
  #takeBody(): boolean {
    if (this.#dataMissing > 0) {
      const available = this.#end - this.#start;
      const length = available < this.#dataMissing ? available : this.#dataMissing;
      if (length > 0) {
        this.#addData(length);
        this.#start += length;
        this.#dataMissing -= length;
        this.#bodyMissing -= length;
      }
      if (this.#dataMissing > 0) return false;
    }
    return this.#end - this.#start >= this.#bodyMissing;
  }

  #addData(length: number): void {
    const pdu = this.#pdu;
    const last = pdu.data.length - 1;
    const previous = last >= 0 ? pdu.data[last]! : undefined;
    if (
      previous !== undefined &&
      previous.buffer === this.#bytes.buffer &&
      previous.byteOffset + previous.length === this.#bytes.byteOffset + this.#start
    ) {
      const from = previous.byteOffset - this.#bytes.byteOffset;
      pdu.data[last] = this.#bytes.subarray(from, this.#start + length);
      return;
    }
    pdu.data.push(this.#bytes.subarray(this.#start, this.#start + length));
    pdu.slabs.push(this.#slab);
    this.#slab?.hold();
  }

  #deliver(): void {
    const pdu = this.#pdu;
    let intact = true;
    if (this.#dataDigest && pdu.dataLength > 0) {
      const digestAt = this.#start + this.#trailer - DIGEST_LENGTH;
      const padding = this.#bytes.subarray(this.#start, digestAt);
      intact = digestOf([...pdu.data, padding]) === getDigest(this.#bytes, digestAt);
    }
    this.#start += this.#trailer;
    this.#bodyMissing = -1;
    this.#consumer.onPdu(pdu, intact);
    this.#releaseData();
    this.#headerCopy = undefined;
  }

  /** The consumer retains the data that it wants to keep. */
  #releaseData(): void {
    for (const slab of this.#pdu.slabs) slab?.release();
    this.#pdu.clear();
  }

  /** Begins a new buffer; bytes of an unfinished header or trailer move along. */
  #nextBuffer(pool: SlabSource): void {
    const rest = this.#bytes.subarray(this.#start, this.#end);
    const previous = this.#slab;
    if (this.#bodyMissing >= 0 && this.#pdu.bytes === this.#bytes) this.#keepHeader();
    // Where a consumer that is not ready left a whole buffer unparsed, an array of its own.
    const crowded = rest.length > pool.slabBytes - this.#roomBytesMin;
    this.#slab = crowded ? undefined : pool.take();
    this.#slabPool = crowded ? undefined : pool;
    this.#bytes = this.#slab?.bytes ?? new Uint8Array(rest.length + this.#roomBytesMin);
    this.#bytes.set(rest);
    this.#start = 0;
    this.#end = rest.length;
    previous?.release();
  }

  /** The header of a PDU whose data continues in another buffer. */
  #keepHeader(): void {
    const pdu = this.#pdu;
    this.#headerCopy ??= new Uint8Array(BHS_BYTES + AHS_BYTES_MAX);
    const header = pdu.bytes.subarray(pdu.base, pdu.base + BHS_BYTES + pdu.ahsLength);
    this.#headerCopy.set(header);
    pdu.bytes = this.#headerCopy;
    pdu.base = 0;
  }

  #fault(fault: FramingFault): boolean {
    this.#stopped = true;
    this.#consumer.onFramingFault(fault);
    return false;
  }
}
