// The logical units hear how full the store is: at once when they are served, then at each look;
// nothing is told while the store does not know or does not answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SPACE_POLL_MS, SpaceWatch } from '../../../src/gateway/space-watch.ts';
import { silentLog } from '../../../src/log/log.ts';
import type { StoreSpace, Volume } from '../../../src/volume/volume.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

async function world() {
  const clock = new VirtualClock();
  const { logicalUnit } = await ScsiBench.open();
  const store = {
    asked: 0,
    holds: logicalUnit.volume,
    answer: async (): Promise<StoreSpace | undefined> => undefined,
    async space() {
      this.asked++;
      const space = await this.answer();
      return (volume: Volume) => (volume === this.holds ? space : undefined);
    },
  };
  const watch = new SpaceWatch({
    volumes: store,
    softThresholdPercent: () => 80,
    clock,
    log: silentLog,
  });
  return { clock, store, watch, logicalUnit };
}

test('units are told at each look, and at once when they come later', async () => {
  const { clock, store, watch, logicalUnit } = await world();
  const first = { usedBytes: 1, availableBytes: 9 };
  store.answer = async () => first;
  watch.open();
  await clock.advance(0);
  assert.equal(logicalUnit.space.figures, undefined);
  watch.serve([logicalUnit]);
  assert.deepEqual(logicalUnit.space.figures, first);
  const second = { usedBytes: 2, availableBytes: 8 };
  store.answer = async () => second;
  await clock.advance(SPACE_POLL_MS);
  assert.deepEqual(logicalUnit.space.figures, second);
  watch.close();
  assert.equal(clock.pending, 0);
});

test('a store that does not know, or fails, is asked again, and what was known stays', async () => {
  const { clock, store, watch, logicalUnit } = await world();
  watch.serve([logicalUnit]);
  watch.open();
  await clock.advance(SPACE_POLL_MS);
  assert.equal(logicalUnit.space.figures, undefined);
  store.answer = async () => ({ usedBytes: 5, availableBytes: 5 });
  await clock.advance(SPACE_POLL_MS);
  store.answer = () => Promise.reject(new Error('planted'));
  await clock.advance(SPACE_POLL_MS);
  assert.deepEqual(logicalUnit.space.figures, { usedBytes: 5, availableBytes: 5 });
  assert.equal(store.asked, 4);
});

test('a unit is told of what holds it, not of what holds others', async () => {
  const { clock, store, watch, logicalUnit } = await world();
  store.answer = async () => ({ usedBytes: 1, availableBytes: 9 });
  store.holds = (await ScsiBench.open()).logicalUnit.volume;
  watch.serve([logicalUnit]);
  watch.open();
  await clock.advance(0);
  assert.equal(logicalUnit.space.figures, undefined);
  store.holds = logicalUnit.volume;
  await clock.advance(SPACE_POLL_MS);
  assert.deepEqual(logicalUnit.space.figures, { usedBytes: 1, availableBytes: 9 });
  watch.close();
});

test('a store that hangs is not asked a second time, and a watch that is closed asks no more', async () => {
  const { clock, store, watch } = await world();
  let answer = (_: StoreSpace | undefined) => {};
  store.answer = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  watch.open();
  await clock.advance(10 * SPACE_POLL_MS);
  assert.equal(store.asked, 1);
  watch.close();
  answer(undefined);
  await clock.advance(10 * SPACE_POLL_MS);
  assert.equal(store.asked, 1);
});
