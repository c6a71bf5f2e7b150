import { assert } from './assert.ts';

/** Learns when a slab that was taken on its account is free again. */
export interface SlabOwner {
  returned(slabBytes: number): void;
}

/** Where slabs come from: a pool, or an account of it that counts them. */
export interface SlabSource {
  readonly slabBytes: number;
  /** A slab held once, by the caller. Its contents are undefined. */
  take(): Slab;
}

/** A slab keeps at most one view for each stretch of this many bytes. */
const VIEW_STRETCH_BYTES = 4096;

/**
 * A buffer that several readers share and that returns to its pool when the last one releases it.
 */
export class Slab {
  readonly bytes: Uint8Array;
  /** On whose account it was taken. */
  owner: SlabOwner | undefined = undefined;
  readonly #pool: SlabPool;
  /** The view that was made last in each stretch of the buffer. */
  readonly #views: (Uint8Array | undefined)[];
  #holders = 0;

  constructor(bytes: Uint8Array, pool: SlabPool) {
    assert(bytes.byteOffset === 0, 'a slab is a buffer of its own');
    this.bytes = bytes;
    this.#pool = pool;
    const stretches = Math.ceil(bytes.length / VIEW_STRETCH_BYTES);
    this.#views = new Array<Uint8Array | undefined>(stretches).fill(undefined);
  }

  /**
   * A part of the buffer, as `subarray` gives it. Making a view costs more than most of its uses,
   * and a slab is filled in the same way repeatedly, so views are kept.
   */
  view(start: number, length: number): Uint8Array {
    const stretch = Math.floor(start / VIEW_STRETCH_BYTES);
    const known = this.#views[stretch];
    if (known?.byteOffset === start && known.length === length) return known;
    const view = this.bytes.subarray(start, start + length);
    this.#views[stretch] = view;
    return view;
  }

  /** True when the caller is the only holder. */
  get exclusive(): boolean {
    return this.#holders === 1;
  }

  hold(): void {
    this.#holders++;
  }

  release(): void {
    assert(this.#holders > 0, 'a slab is released once for each hold');
    if (--this.#holders > 0) return;
    const { owner } = this;
    this.owner = undefined;
    this.#pool.put(this);
    owner?.returned(this.bytes.length);
  }
}

/**
 * Reusable buffers of one size: an allocation of this size costs more than its use. At most
 * `freeMax` unused ones are kept.
 */
export class SlabPool implements SlabSource {
  readonly slabBytes: number;
  readonly #freeMax: number;
  readonly #free: Slab[] = [];

  constructor(slabBytes: number, freeMax: number) {
    this.slabBytes = slabBytes;
    this.#freeMax = freeMax;
  }

  take(): Slab {
    // A buffer of its own, not a slice of Node's shared pool: its address is the slab's.
    const slab = this.#free.pop() ?? new Slab(new Uint8Array(this.slabBytes), this);
    slab.hold();
    return slab;
  }

  /** Called by a slab when its last holder has released it. */
  put(slab: Slab): void {
    if (this.#free.length < this.#freeMax) this.#free.push(slab);
  }
}
