import type { Pending } from '../../src/base/pending.ts';
import type { Store } from '../../src/gateway/store.ts';
import type { FencingDriver } from '../../src/membership/fencing-driver.ts';
import type { RecordEntry, Records } from '../../src/records/records.ts';
import {
  decodeEventMessage,
  encodeAcknowledgement,
  unitChannels,
} from '../../src/units/event-message.ts';
import type { VolumeOperation } from '../../src/volume/filters/stats.ts';
import { DONE, type VolumeResult } from '../../src/volume/volume.ts';
import { VolumeFilter } from '../../test/doubles/volume-filter.ts';

const UNIT_RECORDS = 'units/';

/** By error, the store of a gateway with the error in it. */
export const storeErrors = {
  noBarrier: (store) => withDriver(store, { passBarrier: async () => {} }),
  notEnded: (store) => {
    const processes = store.fencing?.driver.processes;
    const end = async () => true;
    return processes === undefined
      ? store
      : withDriver(store, { processes: { ...processes, end } });
  },
  earlyAcknowledgement: (store) => ({
    ...store,
    openVolume: async (name, options) =>
      new EarlyAcknowledgement(await store.openVolume(name, options)),
  }),
  eventNotApplied: (store) => ({ ...store, records: acknowledgingEarly(store.records) }),
  readBeforeOpen: (store) => ({ ...store, records: readingEarly(store.records) }),
} satisfies Readonly<Record<string, (store: Store) => Store>>;

/** Notifications of events are acknowledged, and dropped. */
function acknowledgingEarly(records: Records): Records {
  const onNotify = (message: Uint8Array): Uint8Array => {
    const event = decodeEventMessage(message);
    return event === undefined
      ? new Uint8Array(0)
      : encodeAcknowledgement({ number: event.number, isWaiting: false });
  };
  return withRecords(records, {
    watch: (channel, watcher) => {
      const isOfEvents = unitChannels.includes(channel);
      return records.watch(channel, isOfEvents ? { ...watcher, onNotify } : watcher);
    },
  });
}

/** A unit is loaded with the record that stood there when the store was opened. */
function readingEarly(records: Records): Records {
  const early = records.list(UNIT_RECORDS).catch((): readonly RecordEntry[] => []);
  const loaded = new Set<string>();
  return withRecords(records, {
    get: async (key) => {
      const isFirst = key.startsWith(UNIT_RECORDS) && !loaded.has(key);
      loaded.add(key);
      const found = isFirst ? (await early).find((entry) => entry.key === key) : undefined;
      return found ?? (await records.get(key));
    },
  });
}

function withRecords(records: Records, changes: Partial<Records>): Records {
  return {
    self: records.self,
    get: (key) => records.get(key),
    compareAndSet: (key, expected, value) => records.compareAndSet(key, expected, value),
    list: (prefix) => records.list(prefix),
    setFields: (key, fields, guard) => records.setFields(key, fields, guard),
    getFields: (key) => records.getFields(key),
    notify: (channel, message, timeoutMs) => records.notify(channel, message, timeoutMs),
    watch: (channel, watcher) => records.watch(channel, watcher),
    close: () => records.close(),
    ...changes,
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
