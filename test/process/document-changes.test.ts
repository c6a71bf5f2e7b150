// Proves, with running gateways and a real initiator, what a change of the document does to
// sessions: LUN maps, access, targets, CHAP, sizes, write cache; and what drains and stopped
// gateways do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import {
  inquiry,
  read16,
  readCapacity16,
  reportLuns,
  testUnitReady,
  write16,
} from '../initiator/cdb.ts';
import { Initiator, type InitiatorOptions } from '../initiator/initiator.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import type { Isid } from '../initiator/login.ts';
import type { ScsiResult } from '../initiator/scsi-exchange.ts';
import { freePorts } from '../support/demo.ts';
import { DocumentCluster } from '../support/document-cluster.ts';
import { waitFor } from '../support/wait-for.ts';

const targetName = 'iqn.2026-11.com.example:t';
const initiatorName = 'iqn.1994-05.com.example:host1';
const stepLimitMs = 60_000;
const powerOn = '29';
const reportedLunsDataHasChanged = '3f0e';
const asymmetricAccessStateChanged = '2a06';
const capacityDataHasChanged = '2a09';

const disks = ['a', 'b'].map((name) => ({ name, size: '64M' }));
const target = (rest: object = {}) => ({
  iqn: targetName,
  luns: { 0: 'a' },
  access: 'any',
  ...rest,
});

function connect(cluster: DocumentCluster, gateway = 0, rest: Partial<InitiatorOptions> = {}) {
  return Initiator.connect({ ...cluster.address(gateway), targetName, initiatorName, ...rest });
}

/** Additional sense code and qualifier of fixed format sense, in hex; empty when GOOD. */
function condition({ status, sense }: ScsiResult): string {
  return status === 0 ? '' : sense.subarray(12, 14).toString('hex');
}

/** Takes what a new nexus is told first. */
async function settled(initiator: Initiator, lun = 0): Promise<void> {
  for (let i = 0; i < 4; i++) {
    const told = condition(await initiator.execute({ lun, cdb: testUnitReady() }));
    if (told === '') return;
    // Another gateway may have begun to serve just now.
    const usual = [reportedLunsDataHasChanged, asymmetricAccessStateChanged];
    assert.ok(told.startsWith(powerOn) || usual.includes(told), told);
  }
}

async function read(initiator: Initiator, lun: number, lba = 0): Promise<ScsiResult> {
  return await initiator.execute({ lun, cdb: read16(lba, 1), dataInLength: 512 });
}

async function refusal(connecting: Promise<unknown>): Promise<string> {
  try {
    await connecting;
  } catch (error) {
    if (!(error instanceof InitiatorError)) throw error;
    const { statusClass = -1, statusDetail = -1 } = error.data;
    return error.code === 'loginRefused' ? `${statusClass}.${statusDetail}` : error.code;
  }
  return assert.fail('the login was not refused');
}

test('a LUN that is mapped while a session is open is announced, and works', async () => {
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target()] });
  const initiator = await connect(cluster);
  await settled(initiator);
  await cluster.mustApply({ disks, targets: [target({ luns: { 0: 'a', 9: 'b' } })] });
  assert.equal(condition(await read(initiator, 0)), reportedLunsDataHasChanged);
  assert.equal(condition(await read(initiator, 0)), '');
  const luns = await initiator.execute({ cdb: reportLuns(64), dataInLength: 64 });
  assert.equal(luns.dataIn.readUInt32BE(0), 16);
  const data = Buffer.alloc(512, 7);
  await settled(initiator, 9);
  const wrote = await initiator.execute({ lun: 9, cdb: write16(3, 1), dataOut: data });
  assert.equal(condition(wrote), '');
  assert.deepEqual((await read(initiator, 9, 3)).dataIn, data);
  await cluster.mustApply({ disks, targets: [target()] });
  assert.equal(condition(await read(initiator, 0)), reportedLunsDataHasChanged);
  assert.equal(condition(await read(initiator, 9)), '2500');
  await initiator.logout();
});

test('removed access ends the session and refuses the next login', async () => {
  const access = [{ initiator: initiatorName }, { initiator: `${initiatorName}b` }];
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target({ access })] });
  const initiator = await connect(cluster);
  const other = await connect(cluster, 0, { initiatorName: `${initiatorName}b` });
  await settled(other);
  await cluster.mustApply({ disks, targets: [target({ access: access.slice(1) })] });
  await initiator.connection.closed;
  assert.equal(await refusal(connect(cluster)), '2.2');
  assert.equal(condition(await read(other, 0)), '');
  await cluster.mustApply({ disks, targets: [] });
  await other.connection.closed;
  assert.equal(await refusal(connect(cluster)), '2.3');
});

/** Sessions of each gateway, as it tells them itself. */
async function sessionCounts(cluster: DocumentCluster): Promise<number[]> {
  const { stdout } = await cluster.allpath('status');
  const { gateways } = JSON.parse(stdout);
  return gateways.map(({ sessionCount }: { sessionCount: number }) => sessionCount);
}

test('CHAP that is demanded, or a secret that is replaced, ends the sessions without it within apply', async () => {
  await using cluster = await DocumentCluster.start(2, { disks, targets: [target()] });
  const chap = { user: 'u', secret: 'sixteen-letters!' };
  const replaced = { user: 'u', secret: 'another-sixteen!' };
  const unlisted = [await connect(cluster, 0), await connect(cluster, 1)];
  await cluster.mustApply({ disks, targets: [target({ chap })] });
  assert.deepEqual(await sessionCounts(cluster), [0, 0]);
  for (const initiator of unlisted) await initiator.connection.closed;
  assert.equal(await refusal(connect(cluster, 0)), '2.1');

  const proved = await connect(cluster, 0, { chap });
  await settled(proved);
  await cluster.mustApply({ disks, targets: [target({ chap, luns: { 0: 'a', 1: 'b' } })] });
  assert.equal(condition(await read(proved, 0)), reportedLunsDataHasChanged, 'the session goes on');
  await cluster.mustApply({ disks, targets: [target({ chap: replaced })] });
  assert.deepEqual(await sessionCounts(cluster), [0, 0]);
  await proved.connection.closed;
  assert.equal(await refusal(connect(cluster, 0, { chap })), '2.1');

  const md5 = { chap: { ...replaced, algorithms: [5] }, isid: isid(3) };
  const weak = await connect(cluster, 0, md5);
  const strong = await connect(cluster, 0, { chap: replaced, isid: isid(4) });
  await settled(strong);
  const targets = [target({ chap: replaced })];
  await cluster.mustApply({ disks, targets, settings: { chapMd5: false } });
  await weak.connection.closed;
  assert.equal(await refusal(connect(cluster, 0, md5)), '2.1');
  assert.equal(condition(await read(strong, 0)), '');
  const { errors } = cluster.gateways[0]!;
  for (const { secret } of [chap, replaced]) assert.ok(!errors.includes(secret));
  assert.match(errors, /"event":"session_ended".*the document changed: credentials changed/);
});

test('discovery that must be authenticated ends discovery sessions within apply', async () => {
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target()] });
  const discoverer = await Initiator.connect({
    ...cluster.address(0),
    initiatorName,
    sessionType: 'Discovery',
  });
  assert.deepEqual([...(await discoverer.sendTargets()).keys()], [targetName]);
  const normal = await connect(cluster);
  await settled(normal);
  const chap = { user: 'd', secret: 'sixteen-letters!' };
  await cluster.mustApply({ disks, targets: [target()], discovery: { chap } });
  assert.deepEqual(await sessionCounts(cluster), [1]);
  await discoverer.connection.closed;
  const again = Initiator.connect({
    ...cluster.address(0),
    initiatorName,
    sessionType: 'Discovery',
  });
  assert.equal(await refusal(again), '2.1');
  assert.equal(condition(await read(normal, 0)), '');
});

test('a portal that leaves the document takes its sessions along', async () => {
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target()] });
  const port = await freePorts(1);
  const portals = [cluster.address(0).port, port].map((each) => ({
    address: '127.0.0.1',
    port: each,
  }));
  await cluster.mustApply({ disks, targets: [target()], gateways: [{ name: 'g0', portals }] });
  const leaving = await connect(cluster, 0, { port });
  const staying = await connect(cluster, 0, { isid: isid(2) });
  await settled(staying);
  await cluster.mustApply({ disks, targets: [target()] });
  assert.deepEqual(await sessionCounts(cluster), [1]);
  await leaving.connection.closed;
  await settled(staying);
});

test('a LUN map that becomes empty for an initiator leaves it a session without disks', async () => {
  const access = [{ initiator: initiatorName }];
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target({ access })] });
  const initiator = await connect(cluster);
  await settled(initiator);
  const empty = [{ initiator: initiatorName, luns: {} }];
  await cluster.mustApply({ disks, targets: [target({ access: empty })] });
  assert.equal(condition(await read(initiator, 0)), '2500', 'the unit is not there');
  await initiator.logout();
});

/** Of the "random" kind, as initiators of software use it. */
function isid(low: number): Isid {
  return { high: 0x8000, low };
}

test('a disk that grows is announced through both gateways, and the new end is usable', async () => {
  await using cluster = await DocumentCluster.start(2, { disks, targets: [target()] });
  const both = [await connect(cluster, 0), await connect(cluster, 1)];
  for (const initiator of both) await settled(initiator);
  const resized = await cluster.allpath('disk', 'resize', 'a', '96M');
  assert.equal(resized.code, 0, resized.stderr);
  const last = (96 * 2 ** 20) / 512 - 1;
  for (const initiator of both) {
    assert.equal(condition(await read(initiator, 0)), capacityDataHasChanged);
    const capacity = await initiator.execute({ cdb: readCapacity16(), dataInLength: 32 });
    assert.equal(capacity.dataIn.readBigUInt64BE(0), BigInt(last));
  }
  const data = Buffer.alloc(512, 9);
  const wrote = await both[0]!.execute({ cdb: write16(last, 1), dataOut: data });
  assert.equal(condition(wrote), '');
  assert.deepEqual((await read(both[1]!, 0, last)).dataIn, data);
  const made = await cluster.allpath('disk', 'create', 'c', '16M');
  assert.equal(made.code, 0, made.stderr);
  for (const initiator of both) assert.equal(condition(await read(initiator, 0)), '');
});

test('WCE is 1, and 0 for a disk that writes through; a read-only disk refuses writes', async () => {
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target()] });
  const initiator = await connect(cluster);
  const caching = async (): Promise<number> => {
    await initiator.execute({ cdb: testUnitReady() });
    await initiator.execute({ cdb: testUnitReady() });
    // MODE SENSE (6), DBD, the Caching page; WCE is bit 2 of its byte 2.
    const cdb = Uint8Array.of(0x1a, 0x08, 0x08, 0, 64, 0);
    const result = await initiator.execute({ cdb, dataInLength: 64 });
    assert.equal(condition(result), '');
    return (result.dataIn[4 + 2]! >> 2) & 1;
  };
  assert.equal(await caching(), 1);
  const through = disks.map((disk) => ({ ...disk, writethrough: true }));
  await cluster.mustApply({ disks: through, targets: [target()] });
  assert.equal(await caching(), 0);
  const fixed = disks.map((disk) => ({ ...disk, readOnly: true }));
  await cluster.mustApply({ disks: fixed, targets: [target()] });
  assert.equal(await caching(), 1);
  const wrote = await initiator.execute({ cdb: write16(0, 1), dataOut: Buffer.alloc(512) });
  assert.equal(condition(wrote), '2700');
  const standard = await initiator.execute({ cdb: inquiry(36), dataInLength: 36 });
  assert.equal(standard.status, 0);
});

test('SIGTERM asks initiators to log out, refuses logins, and ends with 0 though one stays', async () => {
  const settings = { drainSeconds: 3 };
  await using cluster = await DocumentCluster.start(1, { disks, settings, targets: [target()] });
  const gateway = cluster.gateways[0]!;
  const leaving = await connect(cluster);
  const staying = await connect(cluster, 0, { isid: isid(2) });
  await settled(leaving);
  gateway.child.kill('SIGTERM');
  await waitFor('a logout request', () => leaving.asyncEvents.length > 0, stepLimitMs);
  // Event 1: the target requests a logout.
  assert.equal(leaving.asyncEvents[0]?.event, 1);
  assert.equal(await refusal(connect(cluster, 0, { isid: isid(3) })), '3.1');
  // That its port group is unavailable is told once, at any moment after the logout request.
  await settled(leaving);
  const conditions = [condition(await read(leaving, 0)), condition(await read(leaving, 0))];
  const served = conditions.filter((each) => each !== asymmetricAccessStateChanged);
  assert.ok(served.length > 0, 'told once');
  for (const each of served) assert.equal(each, '', 'commands are served until the end');
  await leaving.logout();
  assert.equal(await gateway.ended(), 0);
  await staying.connection.closed;
});

test('a stopped gateway: status says so, the other ends it, and apply waits for no more', async () => {
  await using cluster = await DocumentCluster.start(2, { disks, targets: [target()] });
  const initiator = await connect(cluster, 0);
  await settled(initiator);
  cluster.gateways[1]!.child.kill('SIGSTOP');
  const status = await cluster.allpath('status');
  assert.equal(status.code, 1, status.stderr);
  const { gateways, silent } = JSON.parse(status.stdout);
  assert.deepEqual([gateways[0].name, silent], ['g0', ['g1']]);
  const applied = await cluster.apply({ disks, targets: [target({ luns: { 0: 'a', 1: 'b' } })] });
  // It cannot serve an older version any longer: the other has ended it.
  assert.equal(applied.code, 0, applied.stderr);
  const { child } = cluster.gateways[1]!;
  await waitFor('its end', () => child.signalCode === 'SIGKILL', stepLimitMs);
  const told = new Set([condition(await read(initiator, 0)), condition(await read(initiator, 0))]);
  assert.ok(told.has(reportedLunsDataHasChanged), [...told].join());

  // No gateway is left that could end this one before `status` has seen its process.
  cluster.gateways[0]!.child.kill('SIGSTOP');
  const last = await cluster.allpath('status');
  assert.equal(last.code, 1, last.stderr);
  assert.deepEqual(JSON.parse(last.stdout).stuck, ['g0']);
});

test('apply says why a gateway cannot serve a version, which serves its old one meanwhile', async () => {
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target()] });
  const initiator = await connect(cluster);
  await settled(initiator);
  const port = await freePorts(1);
  const taken = createServer().listen(port, '127.0.0.1');
  await once(taken, 'listening');
  const portals = [cluster.address(0).port, port].map((each) => ({
    address: '127.0.0.1',
    port: each,
  }));
  const next = { disks, targets: [target({ luns: { 0: 'a', 1: 'b' } })] };
  const gateways = [{ name: 'g0', portals }];
  const applied = await cluster.apply({ ...next, gateways });
  assert.equal(applied.code, 1);
  assert.match(
    applied.stderr,
    /"applyIncomplete".*g0 \(cannot listen on .*another process listens/,
  );
  assert.equal(condition(await read(initiator, 0)), '');
  taken.close();
  const again = await cluster.apply({ ...next, gateways });
  assert.equal(again.code, 0, again.stderr);
  assert.equal(condition(await read(initiator, 0)), reportedLunsDataHasChanged);
});

test('a second gateway of one name is refused while the first lives', async () => {
  await using cluster = await DocumentCluster.start(1, { disks, targets: [target()] });
  const second = cluster.startGateway('g0');
  assert.equal(await second.ended(), 1);
  assert.match(second.errors, /"recordsNameTaken"/);
  await (await connect(cluster)).logout();
});
