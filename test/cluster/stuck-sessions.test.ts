// Proves on a real Ceph what becomes of a session whose writes a stopped OSD never ends: it ends in
// the bound while the other session of its gateway goes on, it is fenced once and not again, its
// initiator may come back and is told BUSY, and nothing of it lands over what others wrote since.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { COMMAND_MAX_MS } from '../../src/iscsi/limits.ts';
import { Status } from '../../src/scsi/status.ts';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { freshIsid } from '../initiator/login.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { PlacedPool } from '../support/placed-pool.ts';

const target = 'iqn.2026-11.com.example:t';
const FAST = 0;
const SLOW = 1;
const SIZE_BYTES = 64 * 2 ** 20;
const BLOCKS = 8;
const LENGTH = BLOCKS * 512;
const STUCK = 16;
const OLD = 1;
const LOST = 7;
const NEW = 9;
/** Above every bound of the gateways: only a hang takes longer. */
const HANG_MS = 60_000;
const RETRY_MS = 50;
const COMMAND_LIMIT_MS = 120_000;
const LOGIN_ATTEMPTS_MAX = 20;
const LOOK_MS = 3_000;

const ceph = await cephOfFile({ osds: 3 });
const place = { conf: ceph.conf, pool: 'allpath', namespace: '', user: 'admin' };
const empty = { settings: { drainSeconds: 1 }, disks: [], targets: [] };
let cluster: CephGateways;

before(async () => {
  const pool = await PlacedPool.create(ceph, place.pool, 32, [0, 1]);
  await PlacedPool.create(ceph, 'slow', 8, [2]);
  cluster = await CephGateways.prepare({ place, gateways: 2, parts: empty });
  await pool.imageBegun('fast', SIZE_BYTES);
  await pool.imageWithHeaderOn(2, { name: 'slow', sizeBytes: SIZE_BYTES, dataPool: 'slow' });
  for (const name of ['fast', 'slow']) await cluster.mustRun('disk', 'import', name);
  await cluster.mustApply({
    ...empty,
    disks: ['fast', 'slow'].map((name) => ({ name, size: SIZE_BYTES })),
    targets: [{ iqn: target, luns: { [FAST]: 'fast', [SLOW]: 'slow' }, access: 'any' }],
  });
  await cluster.startAll();
});
after(() => cluster.stop());

async function connect(gateway: number, name: string, isid = freshIsid()): Promise<Initiator> {
  const initiatorName = `iqn.2026-11.test:${name}`;
  const address = cluster.addresses[gateway]!;
  const options = { ...address, targetName: target, initiatorName, isid };
  for (let attempt = 1; ; attempt++) {
    try {
      const initiator = await Initiator.connect(options);
      for (const lun of [FAST, SLOW]) await settled(initiator, { lun, cdb: testUnitReady() });
      return initiator;
    } catch (error) {
      if (attempt === LOGIN_ATTEMPTS_MAX) throw error;
      await delay(RETRY_MS);
    }
  }
}

function writing(lun: number, unit: number, value: number): ScsiRequest {
  const dataOut = Buffer.alloc(LENGTH, value);
  return { lun, cdb: write16(unit * BLOCKS, BLOCKS), dataOut, timeoutMs: COMMAND_LIMIT_MS };
}

function reading(lun: number, unit: number): ScsiRequest {
  const cdb = read16(unit * BLOCKS, BLOCKS);
  return { lun, cdb, dataInLength: LENGTH, timeoutMs: COMMAND_LIMIT_MS };
}

/** As hosts do, sends again what does not end GOOD. */
async function settled(through: Initiator, request: ScsiRequest): Promise<ScsiResult> {
  const endMs = performance.now() + COMMAND_LIMIT_MS;
  for (;;) {
    const result = await through.execute(request);
    if (result.status === Status.good || performance.now() > endMs) return result;
    await delay(RETRY_MS);
  }
}

async function blocklisted(): Promise<number> {
  const { blocklist } = (await ceph.askJson({ prefix: 'osd dump' })) as { blocklist: object };
  return Object.keys(blocklist).length;
}

/** Writes, reads and pings through it until `isOver`; the longest that anything took. */
async function goingOn(initiator: Initiator, isOver: () => boolean): Promise<number> {
  let worstMs = 0;
  for (let turn = 0; !isOver(); turn++) {
    const begunMs = performance.now();
    const request = turn % 2 === 0 ? writing(FAST, 1, turn % 256) : reading(FAST, 1);
    await Promise.all([settled(initiator, request), initiator.nop()]);
    worstMs = Math.max(worstMs, performance.now() - begunMs);
    await delay(5);
  }
  return Math.round(worstMs);
}

test('a session with stuck writes ends in the bound, and nothing of it lands later', async (t) => {
  const isid = freshIsid();
  const lost = await connect(0, 'lost', isid);
  const neighbour = await connect(0, 'neighbour');
  const other = await connect(1, 'lost');
  for (let unit = 0; unit < STUCK; unit++) await settled(lost, writing(SLOW, unit, OLD));
  const before = await blocklisted();
  await ceph.osds[2]!.pause();
  let rewritten: Promise<ScsiResult>[];
  let back: Initiator;
  try {
    const begunMs = performance.now();
    const stuck = Array.from({ length: STUCK }, (_, unit) =>
      lost.execute(writing(SLOW, unit, LOST)).then(
        ({ status }) => status,
        () => 'lost' as const,
      ),
    );
    let endedMs: number | undefined;
    void lost.closed.then(() => {
      endedMs = performance.now() - begunMs;
    });
    const [worstMs, ownWorstMs] = await Promise.all([
      goingOn(neighbour, () => endedMs !== undefined),
      goingOn(lost, () => !lost.isOpen).catch(() => 0),
    ]);
    t.diagnostic(`ended after ${Math.round(endedMs!)} ms; waits: ${worstMs} and ${ownWorstMs} ms`);
    assert.ok(endedMs! >= COMMAND_MAX_MS - 1_000, 'not before the bound');
    assert.ok(endedMs! <= COMMAND_MAX_MS + HANG_MS);
    assert.ok(worstMs < endedMs!, `another session waited for ${worstMs} ms`);
    assert.deepEqual(new Set(await Promise.all(stuck)), new Set(['lost']));
    // Its initiator fails over, and the other path waits for the OSD as well.
    rewritten = Array.from({ length: STUCK }, (_, unit) =>
      settled(other, writing(SLOW, unit, NEW)),
    );
    const backMs = performance.now();
    back = await connect(0, 'lost', isid);
    t.diagnostic(`logged in again after ${Math.round(performance.now() - backMs)} ms`);
    const busy = await back.execute(writing(FAST, 2, 3));
    assert.ok(busy.status !== Status.busy, 'what the stopped OSD does not touch is not busy');
    assert.equal((await back.execute(reading(SLOW, 0))).status, Status.busy);
    const fencingMs = await goingOn(neighbour, laterThan(4_000));
    t.diagnostic(`around the fence the other session waited for ${fencingMs} ms at most`);
    assert.ok(neighbour.isOpen);
    assert.equal(await blocklisted(), before + 1, 'fenced once');
  } finally {
    ceph.osds[2]!.resume();
  }
  await provedNew(rewritten, [back, other]);
  assert.equal((await settled(back, writing(SLOW, 0, NEW))).status, Status.good);
  for (const each of [back, neighbour, other]) await each.logout();
  assert.equal(await blocklisted(), before + 1);
});

test('what a broken connection left with a stopped OSD is fenced before others may go on', async (t) => {
  const lost = await connect(0, 'broken');
  const other = await connect(1, 'broken');
  for (let unit = 0; unit < STUCK; unit++) await settled(lost, writing(SLOW, unit, OLD));
  const before = await blocklisted();
  let rewritten: Promise<ScsiResult>[] = [];
  await ceph.osds[2]!.pause();
  try {
    for (let unit = 0; unit < STUCK; unit++)
      lost.execute(writing(SLOW, unit, LOST)).catch(() => {});
    await lost.nop();
    const begunMs = performance.now();
    lost.destroy();
    const isLate = laterThan(HANG_MS);
    while ((await blocklisted()) === before && !isLate()) await delay(RETRY_MS);
    const tookMs = Math.round(performance.now() - begunMs);
    t.diagnostic(`fenced ${tookMs} ms after the connection broke`);
    assert.ok(!isLate(), 'it is fenced');
    rewritten = Array.from({ length: STUCK }, (_, unit) =>
      settled(other, writing(SLOW, unit, NEW)),
    );
    await other.nop();
  } finally {
    ceph.osds[2]!.resume();
  }
  const back = await connect(0, 'broken');
  await provedNew(rewritten, [back, other]);
  for (const each of [back, other]) await each.logout();
});

/** What was written by others is there, and stays, through every path. */
async function provedNew(
  rewritten: readonly Promise<ScsiResult>[],
  paths: readonly Initiator[],
): Promise<void> {
  for (const { status } of await Promise.all(rewritten)) assert.equal(status, Status.good);
  const isOver = laterThan(LOOK_MS);
  do {
    for (let unit = 0; unit < STUCK; unit++) {
      for (const through of paths) {
        const { dataIn } = await settled(through, reading(SLOW, unit));
        assert.equal(dataIn[0], NEW, `unit ${unit} shows a write of the lost session`);
      }
    }
  } while (!isOver());
}

function laterThan(ms: number): () => boolean {
  const endMs = performance.now() + ms;
  return () => performance.now() > endMs;
}
