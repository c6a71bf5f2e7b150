import type { SnapContext } from './rados-pool.ts';

/** The properties of an open image in librbd; `RbdImage.refresh` reads them again. */
export interface RbdImageInfo {
  readonly sizeBytes: number;
  readonly objectSizeBytes: number;
  /** The object size is `2 ** order`. */
  readonly order: number;
  /** Data object n is `${blockNamePrefix}.${n as 16 hex digits}`. */
  readonly blockNamePrefix: string;
  /** Bits of `RBD_FEATURE_*`. */
  readonly features: bigint;
  readonly stripeUnitBytes: number;
  /** 1: no striping, whatever the stripe unit. */
  readonly stripeCount: number;
  /** The pool of the data objects; that of the image unless it has a data pool. */
  readonly dataPoolId: number;
  readonly id: string;
  /** The parent of which the image is a clone and on which it still depends. */
  readonly parent: RbdParent | undefined;
  /** Bytes from its start that the parent backs; 0 without one. */
  readonly parentOverlapBytes: number;
  readonly snapshots: readonly RbdSnapshot[];
  /** The snapshot context that a write to a data object past librbd must carry. */
  readonly snapContext: SnapContext;
}

interface RbdParent {
  readonly poolId: number;
  readonly pool: string;
  readonly namespace: string;
  readonly image: string;
  readonly snapshot: string;
}

interface RbdSnapshot {
  readonly id: bigint;
  readonly name: string;
  readonly sizeBytes: number;
  /** False: librbd keeps it, for clones alone or for mirrors. */
  readonly isUser: boolean;
  /** In seconds since 1970. */
  readonly madeAt: number;
}

/** RBD_FEATURE_* of librbd. */
export const RBD_FEATURE_LAYERING = 1n;
export const RBD_FEATURE_STRIPINGV2 = 2n;
export const RBD_FEATURE_EXCLUSIVE_LOCK = 4n;
export const RBD_FEATURE_OBJECT_MAP = 8n;
export const RBD_FEATURE_FAST_DIFF = 16n;
export const RBD_FEATURE_DEEP_FLATTEN = 32n;
export const RBD_FEATURE_JOURNALING = 64n;
export const RBD_FEATURE_DATA_POOL = 128n;
export const RBD_FEATURE_MIGRATING = 512n;
export const RBD_FEATURE_NON_PRIMARY = 1024n;

/** As the addon gives it. */
export type NativeImageInfo = Omit<RbdImageInfo, 'snapContext'>;

export function imageInfo(native: NativeImageInfo): RbdImageInfo {
  const ids = native.snapshots.map(({ id }) => id).sort((a, b) => (a < b ? 1 : -1));
  return { ...native, snapContext: { newest: ids[0] ?? 0n, ids } };
}
