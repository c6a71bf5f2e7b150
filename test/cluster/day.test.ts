// Proves in less than a minute of load, on a real Ceph, what `bench/soak/day.ts` does in fifteen:
// an OSD and the monitor killed and started again, a gateway killed, another fenced, an image
// grown; no byte lost, no watch and no entry on the blocklist more than there should be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { day } from '../fault/day.ts';

const MINUTES = 0.5;
const IMAGES = 6;
const INITIATORS = 2;
const THINK_MS = 20;

test('a day in small loses nothing, and leaves nothing behind', async (t) => {
  const report = await day({
    minutes: MINUTES,
    images: IMAGES,
    initiators: INITIATORS,
    thinkMs: THINK_MS,
  });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.acknowledged > 0);
  assert.ok(report.retried > 0, 'some writes took the other path');
  assert.equal(report.fences, 2);
  assert.ok(report.blocklisted <= report.instancesFenced);
  assert.deepEqual(report.watchesLate, report.watchesEarly);
  // Of each image's header and each channel one for each gateway, at most.
  // Of each of two gateways: librbd's watch, and the one of the header barrier.
  assert.equal(report.watchesLate.headers, 4 * IMAGES);
});
