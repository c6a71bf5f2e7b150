import { Failure } from '../base/failure.ts';
import type { VolumeLayout } from './volume.ts';

/** For drivers without a choice of layouts: `Failure('layoutRefused')` for any choice. */
export function refuseLayout({ dataPool, objectSizeBytes }: VolumeLayout): void {
  if (dataPool === undefined && objectSizeBytes === undefined) return;
  throw new Failure('layoutRefused', NO_LAYOUTS);
}

export const NO_LAYOUTS =
  'this store has no data pools and no object sizes: they exist only on Ceph';
