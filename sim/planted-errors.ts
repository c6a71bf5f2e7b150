import type { Pending } from '../src/base/pending.ts';
import type { Store } from '../src/gateway/store.ts';
import type { FencingDriver } from '../src/membership/fencing-driver.ts';
import type { Records } from '../src/records/records.ts';
import {
  decodeEventMessage,
  encodeAcknowledgement,
  unitChannels,
} from '../src/units/event-message.ts';
import type { VolumeOperation } from '../src/volume/filters/stats.ts';
import { DONE, type VolumeResult } from '../src/volume/volume.ts';
import { VolumeFilter } from '../test/doubles/volume-filter.ts';

/** Errors that the simulation must find; each breaks one assumption of the design. */
export const plantedErrors = {
  noBarrier: 'a gateway says that it has passed a barrier, and has not',
  pausedSocketsRead: 'after a long pause a gateway goes on as if no time had passed',
  notEnded: 'a process that is to be fenced is said to have ended, and goes on',
  earlyAcknowledgement: 'a write is acknowledged before the store has it',
  eventNotApplied: 'a gateway acknowledges an event of a logical unit before it applies it',
} as const;

export type PlantedError = keyof typeof plantedErrors;

/** The store of a gateway, with the error in it if it is an error of the store. */
export function withPlanted(store: Store, planted: PlantedError | undefined): Store {
  switch (planted) {
    case 'noBarrier':
      return withDriver(store, { passBarrier: async () => {} });
    case 'notEnded': {
      const processes = store.fencing?.driver.processes;
      const end = async () => true;
      return processes === undefined
        ? store
        : withDriver(store, { processes: { ...processes, end } });
    }
    case 'earlyAcknowledgement':
      return {
        ...store,
        openVolume: async (name, options) =>
          new EarlyAcknowledgement(await store.openVolume(name, options)),
      };
    case 'eventNotApplied':
      return { ...store, records: acknowledgingEarly(store.records) };
    default:
      return store;
  }
}

/** Notifications of events are acknowledged, and dropped. */
function acknowledgingEarly(records: Records): Records {
  const onNotify = (message: Uint8Array): Uint8Array => {
    const event = decodeEventMessage(message);
    return event === undefined
      ? new Uint8Array(0)
      : encodeAcknowledgement({ number: event.number, isWaiting: false });
  };
  return {
    self: records.self,
    get: (key) => records.get(key),
    compareAndSet: (key, expected, value) => records.compareAndSet(key, expected, value),
    list: (prefix) => records.list(prefix),
    setFields: (key, fields, guard) => records.setFields(key, fields, guard),
    getFields: (key) => records.getFields(key),
    notify: (channel, message, timeoutMs) => records.notify(channel, message, timeoutMs),
    watch: (channel, watcher) => {
      const isOfEvents = unitChannels.includes(channel);
      return records.watch(channel, isOfEvents ? { ...watcher, onNotify } : watcher);
    },
    close: () => records.close(),
  };
}

function withDriver(store: Store, changes: Partial<FencingDriver>): Store {
  const { fencing } = store;
  if (fencing === undefined) return store;
  const { driver } = fencing;
  const { processes } = driver;
  const same: FencingDriver = {
    confirmMonitor: () => driver.confirmMonitor(),
    blocklist: (address) => driver.blocklist(address),
    isBlocklisted: () => driver.isBlocklisted(),
    passBarrier: () => driver.passBarrier(),
    hold: () => driver.hold(),
    release: () => driver.release(),
    renewLease: (untilMs) => driver.renewLease?.(untilMs),
    witnessAgesMs: () => driver.witnessAgesMs(),
    ...(processes === undefined ? {} : { processes }),
  };
  return { ...store, fencing: { ...fencing, driver: { ...same, ...changes } } };
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
