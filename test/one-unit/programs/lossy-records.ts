import { Failure } from '../../../src/base/failure.ts';
import type { Records } from '../../../src/records/records.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';

const LOST_PERCENT = 5;

export interface Losses {
  areOn: boolean;
  /** Each costs half a second, and a change that takes longer than 1.5 s ends BUSY. */
  readonly inRowMax: number;
}

/**
 * Records whose notifications, and whose answers to a compare-and-set, are lost now and then:
 * gateways that agree do so all the same, and no initiator sees it. Reads are not lost, because a
 * command that cannot be told the newest state in time ends BUSY.
 */
export function lossyRecords(records: Records, random: SeededRandom, losses: Losses): Records {
  let lostInRow = 0;
  const isLost = (): boolean => {
    const isChosen = losses.areOn && random.below(100) < LOST_PERCENT;
    const isNext = isChosen && lostInRow < losses.inRowMax;
    lostInRow = isNext ? lostInRow + 1 : 0;
    return isNext;
  };
  return {
    self: records.self,
    get: (key) => records.get(key),
    list: (prefix) => records.list(prefix),
    setFields: (key, fields, guard) => records.setFields(key, fields, guard),
    getFields: (key) => records.getFields(key),
    watch: (channel, watcher) => records.watch(channel, watcher),
    close: () => records.close(),
    compareAndSet: async (key, expected, value) => {
      if (isLost()) throw unanswered();
      const result = await records.compareAndSet(key, expected, value);
      if (isLost()) throw unanswered();
      return result;
    },
    notify: async (channel, message, timeoutMs) => {
      if (isLost()) return { answers: [], missing: [] };
      const result = await records.notify(channel, message, timeoutMs);
      return isLost() ? { ...result, answers: [] } : result;
    },
  };
}

function unanswered(): Failure {
  return new Failure('recordsUnavailable', 'the store did not answer');
}
