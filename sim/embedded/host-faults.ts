import {
  broken,
  LENGTH_MAX_MS,
  SLOW_SERVICE_MAX_MS,
  type StoreFaultParts,
} from '../faults/broken.ts';
import type { HostDisk } from './host-disk.ts';

/** The faults of the store of a host. */
export function hostFaults({ random }: StoreFaultParts, disk: HostDisk) {
  return {
    slowDisk: () => {
      disk.slow(1 + random.below(SLOW_SERVICE_MAX_MS));
      return broken('disk', random.below(LENGTH_MAX_MS), () => disk.slow(undefined));
    },
  };
}
