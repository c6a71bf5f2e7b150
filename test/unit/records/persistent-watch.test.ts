// A watch that is lost is made again, by itself and with a growing wait while it cannot be; nothing
// is left of it once it is closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../src/log/log.ts';
import {
  PersistentWatch,
  WATCH_RETRY_MAX_MS,
  WATCH_RETRY_MIN_MS,
} from '../../../src/records/persistent-watch.ts';
import type { Watch, Watcher } from '../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const YES = Uint8Array.of(1);

test('a lost watch answers again, every time, and says that something was missed', async () => {
  const clock = new VirtualClock();
  const world = new MemoryRecordsWorld({ clock, random: new SeededRandom(1) });
  const [own, tool] = [await world.open('g'), await world.open('tool')];
  let again = 0;
  const onAgain = () => {
    again += 1;
  };
  const parts = { records: own, channel: 'c', clock, log: silentLog, onAgain };
  const watch = new PersistentWatch({ ...parts, onNotify: () => YES });
  await watch.open();
  assert.equal(again, 0);
  for (let loss = 1; loss <= 3; loss++) {
    world.loseWatches(own.self);
    await settle();
    assert.equal((await tool.notify('c', YES, 1000)).answers.length, 1);
    assert.equal(again, loss);
  }
  await watch.close();
  world.loseWatches(own.self);
  await settle();
  assert.equal((await tool.notify('c', YES, 1000)).answers.length, 0);
});

/** Records whose watches fail, are cut or stand as the test says. */
class ScriptedRecords {
  attempts = 0;
  open = 0;
  outcome: 'stands' | 'fails' | 'cut' = 'stands';
  watcher: Watcher | undefined;
  readonly #clock: VirtualClock;
  readonly attemptsMs: number[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async watch(_: string, watcher: Watcher): Promise<Watch> {
    this.attempts += 1;
    this.attemptsMs.push(this.#clock.now());
    if (this.outcome === 'fails') throw new Error('no answer');
    if (this.outcome === 'cut') watcher.onLost();
    else this.open += 1;
    this.watcher = watcher;
    return {
      close: async () => {
        this.open -= 1;
      },
    };
  }
}

function standing() {
  const clock = new VirtualClock();
  const records = new ScriptedRecords(clock);
  const parts = { records, channel: 'c', clock, log: silentLog };
  return { clock, records, watch: new PersistentWatch({ ...parts, onNotify: () => YES }) };
}

test('while it cannot be made it is tried again after waits that grow to a bound', async () => {
  const { clock, records, watch } = standing();
  await watch.open();
  records.outcome = 'fails';
  records.open = 0;
  records.watcher!.onLost();
  await clock.advance(60_000);
  const [, first = 0, ...later] = records.attemptsMs;
  const waits = later.map((at, i) => at - (later[i - 1] ?? first));
  assert.deepEqual(
    waits.slice(0, 3),
    [1, 2, 4].map((times) => times * WATCH_RETRY_MIN_MS),
  );
  assert.equal(Math.max(...waits), WATCH_RETRY_MAX_MS);
  records.outcome = 'stands';
  await clock.advance(WATCH_RETRY_MAX_MS);
  assert.equal(records.open, 1);
  await watch.close();
  assert.equal(records.open, 0);
});

test('a watch that is cut before it is told of is made again, too', async () => {
  const { clock, records, watch } = standing();
  records.outcome = 'cut';
  watch.start();
  await settle();
  records.outcome = 'stands';
  await clock.advance(WATCH_RETRY_MIN_MS);
  assert.equal(records.open, 1);
  await watch.close();
});

test('an opening that fails is the caller’s to repeat', async () => {
  const { clock, records, watch } = standing();
  records.outcome = 'fails';
  await assert.rejects(watch.open(), { message: 'no answer' });
  await clock.advance(60_000);
  assert.equal(records.attempts, 1);
  await watch.close();
});

test('a closed one neither waits nor watches', async () => {
  const { clock, records, watch } = standing();
  records.outcome = 'fails';
  watch.start();
  await settle();
  await watch.close();
  assert.equal(clock.pending, 0);
  const late = standing();
  late.watch.start();
  await late.watch.close();
  await settle();
  assert.equal(late.records.open, 0, 'what came to stand after the close is let go of');
});
