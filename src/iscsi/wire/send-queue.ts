import { assert } from '../../base/assert.ts';
import type { ByteStream } from '../../base/byte-stream.ts';
import { clearList } from '../../base/clear-list.ts';
import type { Clock } from '../../base/clock.ts';
import type { Slab, SlabSource } from '../../base/slab-pool.ts';
import { SEND_QUEUE_BYTES_MAX } from '../limits.ts';

/** A contiguous run of bytes in a slab. */
export interface Region {
  readonly slab: Slab;
  readonly start: number;
}

interface Segment {
  readonly slab: Slab;
  readonly start: number;
  end: number;
}

/**
 * The send queue of a connection, in order. Room is reserved in slabs one after the other, so that
 * the PDUs of a batch lie side by side and leave as one chunk; a volume fills the data between the
 * headers in place.
 *
 * One write is in flight at a time; PDUs that are pushed meanwhile go with the next.
 */
export class SendQueue {
  readonly #stream: ByteStream;
  #pool: SlabSource;
  #bytesMax: number;
  readonly #clock: Clock;
  #slab: Slab | undefined;
  #used = 0;
  #segments: Segment[] = [];
  #sending: Segment[] = [];
  #writing = false;
  #scheduled = false;
  #closed = false;
  /** Set while received bytes are parsed: a flush follows. */
  gathers = false;
  #unsentBytes = 0;
  #writes = 0;
  /** Called when bytes have left and there is room again. */
  onSent: () => void = () => {};

  /** `bytesMax`: with this many unsent bytes it has no room. */
  constructor(stream: ByteStream, pool: SlabSource, clock: Clock, bytesMax = SEND_QUEUE_BYTES_MAX) {
    this.#stream = stream;
    this.#pool = pool;
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** False: queued bytes must leave before the owner accepts more requests. */
  get hasRoom(): boolean {
    return this.#unsentBytes < this.#bytesMax;
  }

  /** Bytes that were pushed and have not left. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Writes that were begun: as long as it stays the same, the stream has taken nothing new. */
  get writes(): number {
    return this.#writes;
  }

  get idle(): boolean {
    return !this.#writing && this.#segments.length === 0;
  }

  /** From now on slabs come from another pool: small ones serve a login, large ones a session. */
  usePool(pool: SlabSource, bytesMax: number): void {
    this.#pool = pool;
    this.#bytesMax = bytesMax;
    this.#slab?.release();
    this.#slab = undefined;
  }

  /** Room for `length` bytes, at most a slab. The caller pushes or cancels it. */
  reserve(length: number): Region {
    // Commands may continue for a while after the end; each then reserves a slab of its own.
    if (this.#closed) return { slab: this.#pool.take(), start: 0 };
    let slab = this.#slab;
    if (slab?.exclusive) this.#used = 0;
    if (slab === undefined || this.#used + length > slab.bytes.length) {
      slab?.release();
      slab = this.#pool.take();
      this.#slab = slab;
      this.#used = 0;
    }
    const start = this.#used;
    // The next PDU begins where this one ends: all PDUs are multiples of four bytes.
    this.#used = start + length;
    slab.hold();
    return { slab, start };
  }

  /**
   * Queues the first `length` of the reserved bytes. They leave with all that is pushed until the
   * end of the turn; at once if they are `alone`, with nothing under way that could join them.
   */
  push(region: Region, length: number, alone: boolean): void {
    if (this.#closed) {
      region.slab.release();
      return;
    }
    this.#unsentBytes += length;
    const segments = this.#segments;
    const last = segments.length > 0 ? segments[segments.length - 1] : undefined;
    if (last !== undefined && last.slab === region.slab && last.end === region.start) {
      last.end += length;
      region.slab.release();
    } else {
      segments.push({ slab: region.slab, start: region.start, end: region.start + length });
    }
    if (this.gathers || this.#writing) return;
    if (alone) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#clock.endOfTurn(this.#onEndOfTurn);
    }
  }

  /** Gives reserved room back unsent. */
  cancel(region: Region): void {
    region.slab.release();
  }

  /** Sends now; else it happens at the end of the turn. */
  flush(): void {
    if (this.#writing || this.#segments.length === 0 || this.#closed) return;
    const sending = this.#segments;
    this.#segments = this.#sending;
    this.#sending = sending;
    const chunks = sending.map((each) => each.slab.bytes.subarray(each.start, each.end));
    this.#writing = true;
    this.#writes++;
    this.#stream.write(chunks, this.#onWritten);
  }

  /** Drops the queue; bytes that are being written keep their buffers until the stream is done. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const each of this.#segments) {
      this.#unsentBytes -= each.end - each.start;
      each.slab.release();
    }
    this.#segments.length = 0;
    this.#slab?.release();
    this.#slab = undefined;
  }

  readonly #onEndOfTurn = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  readonly #onWritten = (): void => {
    for (const each of this.#sending) {
      this.#unsentBytes -= each.end - each.start;
      each.slab.release();
    }
    clearList(this.#sending);
    assert(this.#unsentBytes >= 0, 'no more leaves than was queued');
    this.#writing = false;
    if (this.#closed) return;
    this.flush();
    this.onSent();
  };
}
