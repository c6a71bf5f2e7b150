import { EAGAIN } from './errno.ts';
import type { RadosPool } from './rados-pool.ts';
import { RBD_FEATURE_DATA_POOL, RBD_FEATURE_LAYERING } from './rbd-image-info.ts';

interface RbdCreateOptions {
  /** Bits of `RBD_FEATURE_*`; layering alone is what active/active needs. */
  readonly features?: bigint;
  /** The object size is `2 ** order`; 22 by default. */
  readonly order?: number;
  /** Name of the pool of the data objects, an erasure-coded one say. */
  readonly dataPool?: string;
  readonly stripeUnitBytes?: number;
  readonly stripeCount?: number;
}

export interface RbdCloneOptions {
  /** Name of the pool of the data objects. */
  readonly dataPool?: string;
}

/** RBD_IMAGE_OPTION_* of librbd. */
const OPTION_FEATURES = 1;
const OPTION_ORDER = 2;
const OPTION_STRIPE_UNIT = 3;
const OPTION_STRIPE_COUNT = 4;
const OPTION_DATA_POOL = 10;
const OPTION_CLONE_FORMAT = 12;

/** Clones whose snapshot need not be protected, and may be removed before them. */
const CLONE_FORMAT = 2n;

/** The images of one pool and namespace. All end with 0 or a negated errno. */
export class RbdImages {
  readonly #pool: RadosPool;

  constructor(pool: RadosPool) {
    this.#pool = pool;
  }

  async list(): Promise<{ errno: number; images: readonly { name: string; id: string }[] }> {
    const { calls, gate, handle } = this.#pool;
    const { errno, value } = await gate.run(() =>
      calls.call<{ name: string; id: string }[]>((native, slot) => native.listImages(slot, handle)),
    );
    return { errno, images: errno < 0 ? [] : value };
  }

  /** -EEXIST when there is one of that name. */
  async create(name: string, sizeBytes: number, options: RbdCreateOptions = {}): Promise<number> {
    const { calls, gate, handle } = this.#pool;
    const { features = RBD_FEATURE_LAYERING, order = 22, dataPool } = options;
    const rows: [number, bigint | string][] = [[OPTION_ORDER, BigInt(order)]];
    const dataPoolFeature = dataPool === undefined ? 0n : RBD_FEATURE_DATA_POOL;
    rows.push([OPTION_FEATURES, features | dataPoolFeature]);
    if (dataPool !== undefined) rows.push([OPTION_DATA_POOL, dataPool]);
    if (options.stripeUnitBytes !== undefined) {
      rows.push([OPTION_STRIPE_UNIT, BigInt(options.stripeUnitBytes)]);
    }
    if (options.stripeCount !== undefined) {
      rows.push([OPTION_STRIPE_COUNT, BigInt(options.stripeCount)]);
    }
    const { errno } = await gate.run(() =>
      calls.call((native, slot) => native.createImage(slot, handle, name, sizeBytes, rows)),
    );
    return errno;
  }

  /** A clone of a snapshot in the same pool and namespace. -EEXIST, -ENOENT. */
  async clone(
    parent: string,
    snapshot: string,
    name: string,
    { dataPool }: RbdCloneOptions = {},
  ): Promise<number> {
    const { calls, gate, handle } = this.#pool;
    const dataPoolFeature = dataPool === undefined ? 0n : RBD_FEATURE_DATA_POOL;
    const rows: [number, bigint | string][] = [
      [OPTION_CLONE_FORMAT, CLONE_FORMAT],
      [OPTION_FEATURES, RBD_FEATURE_LAYERING | dataPoolFeature],
    ];
    if (dataPool !== undefined) rows.push([OPTION_DATA_POOL, dataPool]);
    const { errno } = await gate.run(() =>
      calls.call((native, slot) => native.cloneImage(slot, handle, parent, snapshot, name, rows)),
    );
    return errno;
  }

  /**
   * -EBUSY while any client has it open (or died less than 30 s ago), -ENOTEMPTY with snapshots. An
   * interrupted removal is finished by another call. `onPercent` reports progress.
   */
  async remove(name: string, onPercent: (percent: number) => void = () => {}): Promise<number> {
    const { calls, gate, handle } = this.#pool;
    const progressSlot = calls.take((percent: number) => onPercent(percent));
    if (progressSlot === undefined) return EAGAIN;
    const { errno } = await gate.run(() =>
      calls.call((native, slot) => native.removeImage(slot, handle, name, progressSlot)),
    );
    // Its news have come before its answer.
    calls.free(progressSlot);
    return errno;
  }
}
