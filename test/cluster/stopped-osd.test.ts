// Proves on a real Ceph that a stopped OSD delays only what touches it: another logical unit of the
// same gateway, session and client keeps its speed, NOPs are answered, no session ends and nobody
// is fenced; and that what waited for it is done when it goes on, or was aborted in bounded time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { read16, write16 } from '../initiator/cdb.ts';
import { type CommandHandle, Initiator } from '../initiator/initiator.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { ACTIVE, seesStates } from '../support/access-states.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { PlacedPool } from '../support/placed-pool.ts';

const target = 'iqn.2026-11.com.example:t';
const FAST = 0;
const SLOW = 1;
const SIZE_BYTES = 64 * 2 ** 20;
const BLOCKS = 8;
const LENGTH = BLOCKS * 512;
const MEASURED_MS = 750;
const STUCK = 16;
const DEPTH = 4;
/** The machine is shared with the cluster: half the speed is no sign of a stop, a tenth is. */
const SPEED_KEPT = 0.4;
const TURNS = 4;
/** The gateway's own bound is 7 s. */
const ABORT_MAX_MS = 60_000;
const ABORT_TASK = 1;
const FUNCTION_COMPLETE = 0;
/** When an initiator may have failed over, after its last sign of life through a path. */
const FAILED_OVER_MS = 8_000;
const LOOKS = 3;
const ATTEMPTS_MAX = 100;
const LOOK_INTERVAL_MS = 100;

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

async function connect(gateway: number): Promise<Initiator> {
  const initiatorName = `iqn.2026-11.test:${gateway}`;
  const address = cluster.addresses[gateway]!;
  const initiator = await Initiator.connect({ ...address, targetName: target, initiatorName });
  await seesStates(initiator, [FAST, SLOW], [ACTIVE, ACTIVE]);
  return initiator;
}

function writing(lun: number, unit: number, value: number): ScsiRequest {
  const dataOut = Buffer.alloc(LENGTH, value);
  return { lun, cdb: write16(unit * BLOCKS, BLOCKS), dataOut, timeoutMs: 120_000 };
}

function reading(lun: number, unit: number): ScsiRequest {
  return { lun, cdb: read16(unit * BLOCKS, BLOCKS), dataInLength: LENGTH, timeoutMs: 120_000 };
}

interface Speed {
  /** Commands. */
  readonly done: number;
  readonly worstMs: number;
  readonly nopWorstMs: number;
}

/** Writes and reads the fast unit, and sends NOPs beside. */
async function speedOf(initiator: Initiator): Promise<Speed> {
  const endMs = performance.now() + MEASURED_MS;
  let [done, worstMs, nopWorstMs] = [0, 0, 0];
  const work = async (worker: number) => {
    while (performance.now() < endMs) {
      const begunMs = performance.now();
      const request = done % 2 === 0 ? writing(FAST, worker, done % 256) : reading(FAST, worker);
      assert.equal((await initiator.execute(request)).status, 0);
      worstMs = Math.max(worstMs, performance.now() - begunMs);
      done += 1;
    }
  };
  const ping = async () => {
    while (performance.now() < endMs) {
      const begunMs = performance.now();
      await initiator.nop();
      nopWorstMs = Math.max(nopWorstMs, performance.now() - begunMs);
      await delay(50);
    }
  };
  await Promise.all([ping(), ...Array.from({ length: DEPTH }, (_, i) => work(i))]);
  const rounded = [worstMs, nopWorstMs].map(Math.round);
  return { done, worstMs: rounded[0]!, nopWorstMs: rounded[1]! };
}

test('what does not touch a stopped OSD keeps its speed', async (t) => {
  const initiators = [await connect(0), await connect(1)];
  const members = (await cluster.view()).members.map(({ incarnation }) => incarnation);
  const running: Speed[] = [];
  const stopped: Speed[] = [];
  // By turns: the machine is shared, and what it gives changes.
  for (let turn = 0; turn < TURNS; turn++) {
    for (const initiator of initiators) running.push(await speedOf(initiator));
    await ceph.osds[2]!.pause();
    let ended = 0;
    const stuck = initiators.flatMap((initiator) => {
      return begin(initiator, () => {
        ended += 1;
      });
    });
    try {
      for (const initiator of initiators) stopped.push(await speedOf(initiator));
      assert.equal(ended, 0, 'what touches it waits');
    } finally {
      ceph.osds[2]!.resume();
    }
    for (const { status } of await Promise.all(stuck)) assert.equal(status, 0);
  }
  t.diagnostic(JSON.stringify({ running, stopped }));
  const total = (speeds: readonly Speed[]) => speeds.reduce((sum, { done }) => sum + done, 0);
  const kept = total(stopped) / total(running);
  assert.ok(kept >= SPEED_KEPT, `${kept} of the speed`);
  for (const initiator of initiators) assert.equal(initiator.isOpen, true);
  const view = await cluster.view();
  assert.deepEqual(
    view.members.filter(({ state }) => state === 'serving').map(({ incarnation }) => incarnation),
    members,
    'nobody was fenced',
  );
  for (const initiator of initiators) await initiator.logout();
});

/** Reads and writes that the stopped OSD holds up. */
function begin(initiator: Initiator, onEnd: () => void) {
  return Array.from({ length: STUCK }, (_, i) => {
    const request = i % 2 === 0 ? writing(SLOW, i, i) : reading(SLOW, i);
    return initiator.execute(request).finally(onEnd);
  });
}

test('an aborted write to a stopped OSD is over in bounded time, and never lands', (t) =>
  overWhen(async (stuck, initiator) => {
    const begunMs = performance.now();
    const aborts = stuck.map((of) => initiator.manage({ function: ABORT_TASK, lun: SLOW, of }));
    const answers = (await Promise.all(aborts)).map(({ response }) => response);
    const tookMs = Math.round(performance.now() - begunMs);
    t.diagnostic(`answered ${[...new Set(answers)]} within ${tookMs} ms`);
    for (const response of answers) assert.equal(response, FUNCTION_COMPLETE);
    assert.ok(tookMs < ABORT_MAX_MS);
    assert.equal((await settled(initiator, writing(FAST, 0, 3))).status, 0);
    assert.equal(initiator.isOpen, true);
  }));

test('a write to a stopped OSD whose nexus is lost never lands 8 s later', () =>
  overWhen(async (_, initiator) => {
    initiator.destroy();
    await delay(FAILED_OVER_MS);
  }));

/**
 * Writes to a stopped OSD are in flight; `giveUp` resolves when they are over. What another gateway
 * then begins, reads and writes, is not undone by them when the OSD goes on.
 */
async function overWhen(
  giveUp: (stuck: readonly CommandHandle[], initiator: Initiator) => Promise<void>,
): Promise<void> {
  const initiator = await connect(0);
  const other = await connect(1);
  for (let unit = 0; unit < STUCK; unit++) await rewritten(initiator, unit, 1);
  await ceph.osds[2]!.pause();
  let after: readonly Promise<void>[];
  try {
    const stuck = Array.from({ length: STUCK }, (_, unit) =>
      initiator.start(writing(SLOW, unit, 7)),
    );
    await initiator.nop();
    await giveUp(stuck, initiator);
    after = stuck.map((__, unit) =>
      unit % 2 === 0 ? rewritten(other, unit, 9) : seen(other, unit),
    );
    await other.nop();
  } finally {
    ceph.osds[2]!.resume();
  }
  await Promise.all(after);
  const again = await connect(0);
  for (let look = 0; look < LOOKS; look++) {
    for (let unit = 0; unit < STUCK; unit++) {
      for (const through of [again, other]) {
        const { dataIn } = await settled(through, reading(SLOW, unit));
        const expected = unit % 2 === 0 ? 9 : shown.get(unit);
        assert.equal(dataIn[0], expected, `unit ${unit}, look ${look}`);
      }
    }
  }
  for (const each of [again, other]) await each.logout();
  if (initiator.isOpen) await initiator.logout();
}

/** What a read showed that was begun when all was over. */
const shown = new Map<number, number>();

async function seen(through: Initiator, unit: number): Promise<void> {
  shown.set(unit, (await settled(through, reading(SLOW, unit))).dataIn[0]!);
}

async function rewritten(through: Initiator, unit: number, value: number): Promise<void> {
  assert.equal((await settled(through, writing(SLOW, unit, value))).status, 0);
}

/** As hosts do, sends again what ended ABORTED COMMAND, BUSY or with a unit attention. */
async function settled(through: Initiator, request: ScsiRequest): Promise<ScsiResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await through.execute(request);
    if (result.status === 0 || attempt === ATTEMPTS_MAX) return result;
    await delay(LOOK_INTERVAL_MS);
  }
}
