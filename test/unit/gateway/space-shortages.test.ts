// Proves that a disk whose writes find no room is told of once, and again when it takes writes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHORTAGE_OVER_MS } from '../../../src/gateway/space-shortages.ts';
import { SPACE_POLL_MS, SpaceWatch } from '../../../src/gateway/space-watch.ts';
import type { StoreSpace } from '../../../src/volume/volume.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];

async function world(space?: () => StoreSpace) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const bench = await ScsiBench.open();
  const volumes = space === undefined ? {} : { space: async () => space };
  const watch = new SpaceWatch({ volumes, softThresholdPercent: () => 80, clock, log });
  watch.serve([bench.logicalUnit]);
  watch.open();
  await clock.advance(0);
  const write = () => bench.send(WRITE, { data: new Uint8Array(512) }).condition;
  const events = () => log.lines.map(({ level, event }) => `${level} ${event}`);
  return { clock, log, bench, watch, write, events };
}

test('many refused writes are one line, and a name in the status', async () => {
  const { bench, watch, write, events, log } = await world();
  assert.equal(write(), undefined);
  assert.deepEqual([watch.fullDisks, events()], [[], []]);
  bench.volume.fault = { status: 'noSpace' };
  for (let i = 0; i < 100; i++) assert.equal(write(), '7/2707');
  const { name } = bench.logicalUnit;
  assert.deepEqual(watch.fullDisks, [name]);
  assert.deepEqual(events(), ['warn space_exhausted']);
  assert.equal(log.lines[0]!.fields['disk'], name);
  watch.close();
});

test('a disk is full until no write was refused for a while, and there is room', async () => {
  const space = { usedBytes: 2 ** 30, availableBytes: 0 };
  const { clock, bench, watch, write, events } = await world(() => space);
  bench.volume.fault = { status: 'noSpace' };
  assert.equal(write(), '6/3807', 'THIN PROVISIONING SOFT THRESHOLD REACHED comes first');
  assert.equal(write(), '7/2707');
  await clock.advance(2 * SHORTAGE_OVER_MS);
  assert.equal(watch.fullDisks.length, 1, 'nobody wrote, and there is no room yet');
  space.availableBytes = 2 ** 30;
  write();
  await clock.advance(SHORTAGE_OVER_MS - 1);
  assert.equal(watch.fullDisks.length, 1, 'a write was refused just now');
  await clock.advance(2 * SPACE_POLL_MS);
  assert.equal(watch.fullDisks.length, 0);
  assert.deepEqual(events(), ['warn space_exhausted', 'info space_available']);
  write();
  assert.deepEqual(events().slice(2), ['warn space_exhausted']);
  watch.close();
});

test('a disk that is served no more is forgotten', async () => {
  const { bench, watch, write, events } = await world();
  bench.volume.fault = { status: 'noSpace' };
  write();
  watch.serve([]);
  assert.deepEqual(watch.fullDisks, []);
  write();
  assert.deepEqual(events(), ['warn space_exhausted']);
  watch.close();
});
