import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { Stats } from '../volume/filters/stats.ts';
import type { SpaceOf, VolumeStore } from '../volume/volume.ts';
import type { Store } from './store.ts';
import { VolumeMetrics } from './volume-metrics.ts';

/** The volumes of a store as a serving gateway uses them. */
interface MeasuredVolumes extends Pick<Store, 'openVolume'>, Pick<VolumeStore, 'space'> {}

/** The volumes of a store, each with a filter that counts its operations for the metrics. */
export function measuredVolumes(
  store: Pick<Store, 'openVolume' | 'volumes'>,
  metrics: Metrics,
  clock: Clock,
): MeasuredVolumes {
  const { volumes } = store;
  const measured: MeasuredVolumes = {
    openVolume: async (name, options) =>
      new Stats(await store.openVolume(name, options), new VolumeMetrics(metrics, name), clock),
  };
  if (volumes.space === undefined) return measured;
  const space = async (): Promise<SpaceOf> => {
    const spaceOf = await volumes.space!();
    // The store knows the volume that it opened itself.
    return (volume) => spaceOf(volume instanceof Stats ? volume.inner : volume);
  };
  return { ...measured, space };
}
