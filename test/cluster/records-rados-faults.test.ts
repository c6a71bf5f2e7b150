// Records on a real Ceph that fails: an OSD stopped, killed and started again, the monitor started
// again, a client blocklisted, a pool without room; counting by several processes; a storm of
// notifications.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { valueObjectOf } from '../../src/records/rados/object-names.ts';
import { OPERATION_TIME_MAX_MS } from '../../src/records/rados/rados-calls.ts';
import type { Records } from '../../src/records/records.ts';
import { bytes, echo, fails, HANG_MS, text } from '../contract/records-world.ts';
import { cephOfFile } from '../support/ceph.ts';
import { openRadosMember, type RadosMember, type RadosPlace } from '../support/rados-member.ts';
import { RecordsProcess } from '../support/records-process.ts';

const SCRIPT = fileURLToPath(new URL('../support/rados-records-process-main.ts', import.meta.url));
/** Longer than any wait of a client, of an OSD's start and of a watch's end together. */
const LIMIT_MS = 60_000;
const COUNTERS = 4;
const INCREMENTS = 100;

const members: RadosMember[] = [];
// Before the cluster is: its end comes after that of its clients.
after(() => Promise.all(members.map((member) => member.end())));
const ceph = await cephOfFile({ mgr: true });
await createPool(ceph, 'records');
await ceph.createUser('gateway', { mon: 'profile rbd', osd: 'profile rbd pool=records' });
const three = await cephOfFile({ osds: 3 });
await createPool(three, 'records');
const place: RadosPlace = { conf: ceph.conf, pool: 'records', namespace: '', user: 'gateway' };

async function open(name: string, where = place): Promise<RadosMember> {
  const member = await openRadosMember(where, name);
  members.push(member);
  return member;
}

/** Repeats a question until it is answered with true. */
async function until(question: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS / 2;
  while (!(await question())) {
    assert.ok(performance.now() < deadline, String(question));
    await delay(10);
  }
}

/** Repeats a call until it does not end `recordsUnavailable`. */
async function untilAvailable<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      fails('recordsUnavailable')(error as never);
    }
  }
}

async function increment(records: Records, key: string): Promise<void> {
  for (;;) {
    const entry = await records.get(key);
    const next = bytes(String(Number(text(entry?.value) ?? 0) + 1));
    if ((await records.compareAndSet(key, entry?.version ?? 0, next)).status === 'done') return;
  }
}

test('an OSD that is stopped: calls end in their bound, the witnesses tell, and all goes on', {
  timeout: LIMIT_MS,
}, async (context) => {
  const { records } = await open('stopped');
  records.watchCluster();
  let lost = 0;
  const watcher = {
    onNotify: (message: Uint8Array) => message,
    onLost: () => {
      lost += 1;
    },
  };
  await records.watch('stop', watcher);
  await records.compareAndSet('stop', 0, bytes('before'));
  await until(() => Math.min(...records.witnessAgesMs()) < 1000);
  const [osd] = ceph.osds;
  await osd!.pause();
  context.after(() => osd!.resume());
  const begunMs = performance.now();
  const calls = [
    records.get('stop'),
    records.list(''),
    records.compareAndSet('stop', 1, bytes('during')),
    records.setFields('stop', { x: bytes('1') }),
    records.getFields('stop'),
    records.notify('stop', bytes(''), 500),
  ];
  for (const ended of await Promise.allSettled(calls)) {
    assert.ok(ended.status === 'rejected' && fails('recordsUnavailable')(ended.reason));
  }
  assert.ok(performance.now() - begunMs >= OPERATION_TIME_MAX_MS - 1);
  // Every witness was last heard before the OSD was stopped.
  assert.ok(Math.min(...records.witnessAgesMs()) > OPERATION_TIME_MAX_MS - 1000);
  await until(() => lost === 1);
  osd!.resume();
  const retried = await untilAvailable(() => records.compareAndSet('stop', 1, bytes('during')));
  assert.deepEqual(retried, { status: 'done', version: 2 }, 'what was given up was done');
  await untilAvailable(() => records.watch('stop', watcher));
  await until(() => Math.min(...records.witnessAgesMs()) < 1000);
  const { answers, missing } = await records.notify('stop', bytes('again'), HANG_MS);
  assert.deepEqual([answers.length, missing], [1, []]);
  assert.equal(lost, 1);
});

test('one stopped OSD of three is not the silence of the cluster, and holds up its share alone', {
  timeout: LIMIT_MS,
}, async (context) => {
  const where = { ...place, conf: three.conf, user: 'admin' };
  const { records } = await open('third', where);
  records.watchCluster();
  const keys = Array.from({ length: 30 }, (_, index) => `third/${index}`);
  for (const key of keys) await records.compareAndSet(key, 0, bytes(key));
  await until(() => Math.max(...records.witnessAgesMs()) < 1000);
  // One that has something to hold up, or the test says nothing.
  const map = (await three.askJson({
    prefix: 'osd map',
    pool: 'records',
    object: valueObjectOf(keys[0]!),
  })) as {
    acting_primary: number;
  };
  const osd = three.osds[map.acting_primary]!;
  await osd.pause();
  context.after(() => osd.resume());
  const read = await Promise.allSettled(keys.map((key) => records.get(key)));
  const there = read.filter(({ status }) => status === 'fulfilled');
  assert.ok(there.length > 0 && there.length < keys.length, `${there.length} were read`);
  const agesMs = records.witnessAgesMs();
  assert.ok(Math.max(...agesMs) > OPERATION_TIME_MAX_MS - 1000);
  assert.ok(Math.min(...agesMs) < OPERATION_TIME_MAX_MS / 2);
  osd.resume();
  for (const key of keys) {
    assert.equal(text((await untilAvailable(() => records.get(key)))?.value), key);
  }
  await until(() => Math.max(...records.witnessAgesMs()) < 1000);
});

test('an OSD that is killed and started again: nothing acknowledged is lost, watches come back', {
  timeout: LIMIT_MS,
}, async () => {
  const { records: a } = await open('killed-a');
  const { records: b } = await open('killed-b');
  await b.watch(
    'kill',
    echo((message) => `b ${message}`),
  );
  for (let round = 0; round < 20; round++) await increment(a, 'kill');
  const [osd] = ceph.osds;
  await osd!.kill();
  const during = a.compareAndSet('kill', 20, bytes('21'));
  await osd!.start();
  await ceph.osdsUp();
  const result = await during.catch(() => a.compareAndSet('kill', 20, bytes('21')));
  assert.deepEqual(result, { status: 'done', version: 21 });
  assert.equal(text((await b.get('kill'))?.value), '21');
  await until(async () => {
    const { answers } = await a.notify('kill', bytes('?'), 1000);
    return answers.some(({ payload }) => text(payload) === 'b ?');
  });
});

test('the monitor gone and started again: records and notifications do not notice', {
  timeout: LIMIT_MS,
}, async () => {
  const { records } = await open('mon');
  await records.watch('mon', echo(String));
  await ceph.mon.kill();
  for (let round = 0; round < 20; round++) await increment(records, 'mon');
  const { answers, missing } = await records.notify('mon', bytes('alone'), HANG_MS);
  assert.deepEqual([answers.length, missing], [1, []]);
  await ceph.mon.start();
  await increment(records, 'mon');
  assert.equal(text((await records.get('mon'))?.value), '21');
});

test('a member that is blocklisted is told so, and the others do not wait for it', {
  timeout: LIMIT_MS,
}, async () => {
  const { records: a, client } = await open('fencer');
  const victim = await open('victim');
  let lost = 0;
  const onLost = () => {
    lost += 1;
  };
  await victim.records.watch('fence', { onNotify: () => new Promise(() => {}), onLost });
  await a.watch('fence', echo(String));
  const notify = a.notify('fence', bytes('?'), HANG_MS);
  assert.equal(await client.blocklist(victim.client.addresses, 86_400), 0);
  const begunMs = performance.now();
  const { answers } = await notify;
  assert.equal(answers.length, 1);
  assert.ok(performance.now() - begunMs < HANG_MS, 'its watch ended with it');
  await until(() => lost === 1);
  const calls: (() => Promise<unknown>)[] = [
    () => victim.records.watch('fence', echo(String)),
    () => victim.records.get('x'),
    () => victim.records.compareAndSet('x', 0, bytes('')),
    () => victim.records.list(''),
    () => victim.records.setFields('x', { x: bytes('') }),
    () => victim.records.notify('fence', bytes(''), 100),
  ];
  for (const call of calls) await assert.rejects(call(), fails('recordsFenced'));
  const again = await open('victim');
  assert.equal((await again.records.compareAndSet('fence', 0, bytes('heir'))).status, 'done');
});

test('a pool without room takes no new map, and goes on with every record and map it has', {
  timeout: LIMIT_MS,
}, async (context) => {
  const { records } = await open('full');
  const setQuota = (bytes: string) =>
    ceph.ask({ prefix: 'osd pool set-quota', pool: 'records', field: 'max_bytes', val: bytes });
  context.after(() => setQuota('0'));
  // OSDs count the data of objects, and no omap.
  const filler = join(ceph.folder, 'filler');
  await writeFile(filler, 'full');
  await ceph.rados('-p', 'records', 'put', 'filler', filler);
  await setQuota('1');
  let maps = 0;
  const refused = async (): Promise<boolean> => {
    try {
      maps += 1;
      await records.setFields(`map/${maps}`, { x: bytes('1') });
      return false;
    } catch (error) {
      return fails('recordsFull')(error as never);
    }
  };
  await until(refused);
  for (let key = 0; key < 100; key++) await increment(records, `full/${key}`);
  assert.equal((await records.list('full/')).length, 100);
  assert.equal(await records.setFields('map/1', { hb: new Uint8Array(10_000) }), true);
  for (let channel = 0; channel < 20; channel++) {
    await records.watch(`full/${channel}`, echo(String));
    const { answers } = await records.notify(`full/${channel}`, bytes('?'), HANG_MS);
    assert.equal(answers.length, 1);
  }
  // Also for who joins now, and knows from its map of the cluster that the pool is full.
  const joiner = await open('joiner');
  await joiner.client.waitForLatestOsdmap();
  await increment(joiner.records, 'full/0');
  await joiner.records.watch('full/0', echo(String));
  const { answers } = await joiner.records.notify('full/0', bytes('?'), HANG_MS);
  assert.equal(answers.length, 2);
  await setQuota('0');
  await until(async () => !(await refused()));
});

test('processes that count one record up lose nothing', {
  timeout: LIMIT_MS,
}, async () => {
  const { records } = await open('count');
  const counters = Array.from({ length: COUNTERS }, (_, index) => {
    return new RecordsProcess(
      'count',
      JSON.stringify(place),
      `counter${index}`,
      `${INCREMENTS}`,
      SCRIPT,
    );
  });
  try {
    for (const counter of counters) await counter.line('counted');
    assert.equal(text((await records.get('counter'))?.value), `${COUNTERS * INCREMENTS}`);
    assert.equal((await records.get('counter'))?.version, COUNTERS * INCREMENTS);
  } finally {
    for (const counter of counters) await counter.end();
  }
});

test('a storm of notifications from several members is answered whole', {
  timeout: LIMIT_MS,
}, async () => {
  const storm = await Promise.all(['s1', 's2', 's3'].map((name) => open(name)));
  const channels = Array.from({ length: 20 }, (_, index) => `storm/${index}`);
  for (const { records } of storm) {
    for (const channel of channels) await records.watch(channel, echo(String));
  }
  const calls = storm.flatMap(({ records }) =>
    Array.from({ length: 200 }, async (_, index) => {
      const channel = channels[index % channels.length]!;
      const { answers, missing } = await records.notify(channel, bytes(`${index}`), HANG_MS);
      assert.deepEqual(missing, []);
      const said = answers.map(({ payload }) => text(payload));
      assert.deepEqual(said, Array(storm.length).fill(`${index}`));
    }),
  );
  await Promise.all(calls);
});
