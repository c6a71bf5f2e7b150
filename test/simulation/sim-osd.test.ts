// What a real OSD was seen to do, which a fence rests on: a write of a blocklisted client that it
// had queued may land, but not on an object that a client with the new map has touched.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimClient } from '../../sim/rados/sim-client.ts';
import { SimCluster } from '../../sim/rados/sim-cluster.ts';
import { SimProcess } from '../../sim/time/sim-process.ts';
import { Timeline } from '../../sim/time/timeline.ts';
import { ESHUTDOWN } from '../../src/ceph/errno.ts';
import { SeededRandom } from '../support/seeded-random.ts';

function world(seed: number) {
  const timeline = new Timeline();
  const random = new SeededRandom(seed);
  const cluster = new SimCluster(timeline, random, 1);
  const client = (name: string) => cluster.connect(new SimProcess(name, timeline, random));
  return { timeline, cluster, old: client('old'), other: client('other') };
}

function write(cluster: SimCluster, client: SimClient, object: string, ended: number[]): void {
  const run = (): number => {
    cluster.changed(object);
    return 0;
  };
  cluster.operate(client, object, { changes: true, run }, (errno) => ended.push(errno));
}

/** The OSD stops, `old` writes and is blocklisted, then `other` touches the object. */
async function race(seed: number, passesBarrier: boolean) {
  const { timeline, cluster, old, other } = world(seed);
  const [osd] = cluster.osds;
  const landed: string[] = [];
  cluster.onDone = ({ client }) => landed.push(client === old ? 'old' : 'other');
  osd!.stop();
  const ends: number[] = [];
  for (let i = 0; i < 4; i++) write(cluster, old, 'object', ends);
  const third = cluster.connect(new SimProcess('third', timeline, new SeededRandom(seed)));
  cluster.monitor.blocklist(third, old.address, () => {});
  await timeline.run(1_000);
  if (passesBarrier) other.mapEpoch = cluster.monitor.mapEpoch;
  write(cluster, other, 'object', []);
  osd!.resume();
  await timeline.run(5_000);
  assert.ok(cluster.monitor.isBlocklisted(old.address));
  return { ends, isStale: landed.lastIndexOf('old') > landed.indexOf('other') };
}

test('nothing of a fenced client lands after a client with the new map; before that it may', async () => {
  let stale = 0;
  let refused = 0;
  for (let seed = 1; seed <= 60; seed++) {
    assert.ok(!(await race(seed, true)).isStale, `seed ${seed}`);
    const { ends, isStale } = await race(seed, false);
    if (isStale) stale++;
    refused += ends.filter((errno) => errno === ESHUTDOWN).length;
  }
  assert.ok(stale > 0, 'without the barrier a write of the fenced client is seen to land late');
  assert.ok(refused > 0, 'in the end the OSD learns of the map by itself');
});

test('operations of one client on one object keep their order', async () => {
  const { timeline, cluster, old } = world(5);
  const order: number[] = [];
  for (let i = 0; i < 20; i++) {
    const run = (): number => order.push(i);
    cluster.operate(old, 'object', { changes: true, run }, () => {});
  }
  await timeline.run(1_000);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.equal(order.length, 20);
});
