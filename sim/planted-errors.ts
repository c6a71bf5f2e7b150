import type { Pending } from '../src/base/pending.ts';
import type { Store } from '../src/gateway/store.ts';
import type { FencingDriver } from '../src/membership/fencing-driver.ts';
import type { VolumeOperation } from '../src/volume/filters/stats.ts';
import { DONE, type VolumeResult } from '../src/volume/volume.ts';
import { VolumeFilter } from '../test/doubles/volume-filter.ts';

/** Errors that the simulation must find; each breaks one thing that the design rests on. */
export const plantedErrors = {
  noBarrier: 'a gateway says that it has passed a barrier, and has not',
  pausedSocketsRead: 'after a long pause a gateway goes on as if no time had passed',
  earlyAcknowledgement: 'a write is acknowledged before the store has it',
} as const;

export type PlantedError = keyof typeof plantedErrors;

/** The store of a gateway, with the error in it if it is one of the store. */
export function withPlanted(store: Store, planted: PlantedError | undefined): Store {
  if (planted === 'noBarrier' && store.fencing !== undefined) {
    const driver = withoutBarrier(store.fencing.driver);
    return { ...store, fencing: { ...store.fencing, driver } };
  }
  if (planted !== 'earlyAcknowledgement') return store;
  return {
    ...store,
    openVolume: async (name, options) =>
      new EarlyAcknowledgement(await store.openVolume(name, options)),
  };
}

function withoutBarrier(driver: FencingDriver): FencingDriver {
  return {
    confirmMonitor: () => driver.confirmMonitor(),
    blocklist: (address) => driver.blocklist(address),
    isBlocklisted: () => driver.isBlocklisted(),
    passBarrier: async () => {},
    hold: () => driver.hold(),
    release: () => driver.release(),
    witnessAgesMs: () => driver.witnessAgesMs(),
  };
}

class EarlyAcknowledgement extends VolumeFilter {
  protected around(
    operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Pending<VolumeResult> {
    const result = submit();
    return operation === 'write' ? DONE : result;
  }
}
