// Proves, with two gateways and real initiators, what an operator sees and does from any host of
// the store: the sessions of all gateways, the reservations of disks, a reset through every
// gateway, a change that waits for a gateway which does not answer, and a record that cannot be
// read, with its repair.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterStatus } from '../../src/control/status/cluster-status.ts';
import { openStore } from '../../src/gateway/open-store.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { testUnitReady } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { pendingAt } from '../support/access-states.ts';
import { DocumentCluster } from '../support/document-cluster.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { Action, reserveOutCdb, reserveOutList } from '../support/reserve-out.ts';
import { run } from '../support/run.ts';

const program = new URL('../../bin/allpath', import.meta.url).pathname;
const LIMIT_MS = 240_000;
const targetName = 'iqn.2026-11.com.example:t';
const [host1, host2] = ['iqn.1994-05.com.example:host1', 'iqn.1994-05.com.example:host2'] as const;
const EXCLUSIVE_ACCESS_REGISTRANTS_ONLY = 6;

const parts = (...mapped: readonly string[]) => ({
  settings: { drainSeconds: 0, softThresholdPercent: 100 },
  disks: ['a', 'b'].map((name) => ({ name, size: '16M' })),
  targets: [{ iqn: targetName, luns: Object.fromEntries(mapped.entries()), access: 'any' }],
});

function login(cluster: DocumentCluster, gateway: number, initiatorName: string) {
  return Initiator.connect({ ...cluster.address(gateway), targetName, initiatorName });
}

function reserveOut(initiator: Initiator, action: number, keys: object) {
  const dataOut = reserveOutList(keys);
  const cdb = Uint8Array.from(
    reserveOutCdb(action, EXCLUSIVE_ACCESS_REGISTRANTS_ONLY, dataOut.length),
  );
  return initiator.execute({ cdb, dataOut });
}

/** The value that a command prints, whatever its exit code. */
async function answered(cluster: DocumentCluster, ...words: readonly string[]) {
  const { stdout, stderr, code } = await cluster.allpath(...words);
  assert.ok(stdout !== '', stderr);
  return { code, ...JSON.parse(stdout) };
}

async function refused(cluster: DocumentCluster, ...words: readonly string[]) {
  const { stderr, code } = await cluster.allpath(...words);
  return { exit: code, ...JSON.parse(stderr).error };
}

test('sessions, reservations and resets of all gateways', { timeout: LIMIT_MS }, async () => {
  await using cluster = await DocumentCluster.start(2, parts('a', 'b'));
  const holder = await login(cluster, 0, host1);
  const other = await login(cluster, 1, host2);
  for (const each of [holder, other]) for (const lun of [0, 1]) await pendingAt(each, lun);
  const portals = [0, 1].map((at) => `127.0.0.1:${cluster.address(at).port}`);

  const { code, sessions, silent } = await answered(cluster, 'sessions');
  assert.deepEqual([code, silent], [0, []]);
  assert.deepEqual(
    sessions.map(({ since: _, isid: __, ...rest }: { since: string; isid: string }) => rest),
    [host1, host2].map((initiator, at) => ({
      ...{ gateway: `g${at}`, initiator, target: targetName, portal: portals[at] },
      ...{ targetPort: at + 1, commandsInFlight: 0 },
    })),
  );
  for (const { since } of sessions) assert.ok(Math.abs(Date.parse(since) - Date.now()) < LIMIT_MS);
  const again = await answered(cluster, 'sessions');
  assert.deepEqual(again.sessions, sessions, 'nothing of a session changes from call to call');

  assert.equal((await reserveOut(holder, Action.register, { actionKey: 0xabc })).status, 0);
  assert.equal((await reserveOut(other, Action.register, { actionKey: 0xdef })).status, 0);
  assert.equal((await reserveOut(holder, Action.reserve, { key: 0xabc })).status, 0);
  const { disks } = await answered(cluster, 'reservations');
  const registration = (at: number) => ({
    ...{ initiator: [host1, host2][at], isid: sessions[at].isid, targetPort: at + 1 },
    ...{ portal: portals[at], gateway: `g${at}` },
  });
  assert.deepEqual(disks, [
    {
      ...{ disk: 'a', generation: 2, aptpl: false, persistent: 'exclusiveAccessRegistrantsOnly' },
      registrations: [
        { ...registration(0), key: '0000000000000abc', isHolder: true },
        { ...registration(1), key: '0000000000000def', isHolder: false },
      ],
    },
  ]);
  const { stdout } = await run(program, ['reservations', 'a', '--store', cluster.store]);
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows[1], ['a', 'exclusive access registrants only', '2', 'no', '-']);
  assert.deepEqual(rows[4]?.slice(5), ['g0', '0000000000000abc', 'yes']);
  assert.equal((await answered(cluster, 'reservations', 'b')).disks[0].registrations.length, 0);

  for (const words of [
    ['lu', 'a'],
    ['target', targetName],
  ]) {
    const refusal = await refused(cluster, 'reset', ...words);
    assert.deepEqual([refusal.exit, refusal.code], [1, 'resetRefused']);
    assert.match(refusal.message, /^2 sessions are logged in at .* use --force$/);
  }
  const reset = await answered(cluster, 'reset', 'lu', 'a', '--force');
  assert.deepEqual([reset.code, reset.units], [0, 1]);
  for (const each of [holder, other]) {
    assert.deepEqual([await pendingAt(each, 0), await pendingAt(each, 1)], [['2903'], []]);
  }
  const whole = await answered(cluster, 'reset', 'target', targetName, '--force');
  assert.equal(whole.units, 2);
  for (const each of [holder, other]) assert.deepEqual(await pendingAt(each, 1), ['2903']);
  const kept = await answered(cluster, 'reservations', 'a');
  assert.equal(
    kept.disks[0].persistent,
    'exclusiveAccessRegistrantsOnly',
    'a reset takes no reservation away',
  );
  await Promise.all([holder, other].map((each) => each.logout()));
});

test('a change says which gateway it waits for', { timeout: LIMIT_MS }, async () => {
  await using cluster = await DocumentCluster.start(2, parts('a'));
  const initiator = await login(cluster, 0, host1);
  await pendingAt(initiator, 0);
  const store = await opened(cluster);
  const advice = { gatewayCommand: (name: string) => name };
  cluster.gateways[1]!.child.kill('SIGSTOP');
  const registering = reserveOut(initiator, Action.register, { actionKey: 1 });
  registering.catch(() => {});
  // In this process: the other one is fenced before a command has begun on a slow machine.
  const status = async () => await clusterStatus({ ...store, clock: systemClock }, advice);
  let { units } = await status();
  while (units.list[0]?.event === undefined) ({ units } = await status());
  assert.equal(units.marked, 1);
  const [{ disk, marks, event }] = units.list;
  assert.deepEqual([disk, marks, event.author], ['a', ['g0'], 'g0']);
  assert.deepEqual([event.aborts, event.attentions], [0, []]);
  assert.deepEqual(event.waitsFor, [{ gateway: 'g1', reason: 'not acknowledged' }]);
  await store.close();
  assert.equal((await registering).status, 0, 'the silent gateway is fenced');
  await cluster.gateways[1]!.ended();
  // A second after a change it is written as settled.
  for (;;) {
    const now = await answered(cluster, 'status');
    if (now.units.marked === 0) break;
  }
  await initiator.logout();
});

async function opened({ store }: DocumentCluster) {
  return await openStore({
    ...{ location: { dir: store }, ifAbsent: 'refuse', memberName: 'tool-1' },
    ...{ clock: systemClock, random: systemRandom, log: new RecordingLog() },
  });
}

async function damage(cluster: DocumentCluster, disk: string): Promise<void> {
  const { disks } = await answered(cluster, 'disk', 'list');
  const { uuid } = disks.find(({ name }: { name: string }) => name === disk);
  const store = await opened(cluster);
  const key = `units/${uuid}`;
  const version = (await store.records.get(key))?.version ?? 0;
  const bytes = new TextEncoder().encode('{"formatVersion":1,"content":{}}');
  assert.equal((await store.records.compareAndSet(key, version, bytes)).status, 'done');
  await store.close();
}

test('a record that cannot be read is named with its remedy, which works', {
  timeout: LIMIT_MS,
}, async () => {
  await using cluster = await DocumentCluster.start(2, parts('a'));
  await damage(cluster, 'b');
  const applied = await cluster.apply(parts('a', 'b'));
  assert.equal(applied.code, 1);
  const initiator = await login(cluster, 0, host1);
  await pendingAt(initiator, 0);
  assert.equal((await initiator.execute({ cdb: testUnitReady() })).status, 0, 'others go on');

  const ill = await answered(cluster, 'status');
  const [problem, ...more] = ill.problems;
  assert.deepEqual([problem.kind, more], ['diskNotServed', []]);
  assert.match(problem.message, /^disk b: not served by g0, g1: a logical unit record: number/);
  assert.match(problem.message, /the record units\/[0-9a-f-]{36} of the store/);
  assert.match(problem.message, /"allpath disk forget-state" makes a new one/);
  for (const { errors } of cluster.gateways) {
    assert.equal(errors.split('"disk_not_served"').length, 2, 'each gateway says it once');
  }
  const { code, disks } = await answered(cluster, 'reservations', 'b');
  assert.deepEqual([code, disks[0].registrations], [1, []]);
  assert.match(disks[0].problem, /forget-state/);

  assert.equal((await refused(cluster, 'disk', 'forget-state', 'a')).code, 'unitRecordReadable');
  assert.equal((await cluster.allpath('disk', 'forget-state', 'b')).code, 0);
  for (;;) {
    const { problems } = await answered(cluster, 'status');
    if (problems.length === 0) break;
  }

  await damage(cluster, 'a');
  const held = await refused(cluster, 'disk', 'forget-state', 'a');
  assert.equal(held.code, 'unitInUse');
  assert.deepEqual(held.data.gateways, ['g0', 'g1'], 'they serve it as they loaded it');
  await initiator.logout();
});
