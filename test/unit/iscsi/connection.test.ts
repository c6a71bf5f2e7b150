// Proves the life of a connection and its session against scripted bytes and a scripted nexus:
// ordering, data-out, residuals, limits, liveness on virtual time, and that an end releases
// everything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Directory, Portal } from '../../../src/iscsi/contracts.ts';
import { IscsiServer } from '../../../src/iscsi/iscsi-server.ts';
import {
  DATA_OUT_TIMEOUT_MS,
  DEFAULT_ISCSI_SETTINGS,
  LOGIN_TIMEOUT_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
  SEND_QUEUE_BYTES_MAX,
} from '../../../src/iscsi/limits.ts';
import { NEGOTIATION_DEFAULTS } from '../../../src/iscsi/login/negotiation-settings.ts';
import { silentLog } from '../../../src/log/log.ts';
import { loginRequest, MemoryStream, pdu, ScriptedNexus } from '../../support/iscsi-peer.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const TARGET = 'iqn.2026-11.io.allpath:t';
const NAMES = ['InitiatorName=iqn.2026-11.io.allpath:i', `TargetName=${TARGET}`];
const portal: Portal = { address: '192.0.2.2', port: 3260, portalGroupTag: 1 };
const WRITE = 0x20;
const READ = 0x40;
const FINAL = 0x80;

function world(settings = DEFAULT_ISCSI_SETTINGS, mayAct = () => true) {
  const clock = new VirtualClock();
  const nexuses: ScriptedNexus[] = [];
  const directory: Directory = {
    listTargets: () => [{ targetName: TARGET, portals: [portal] }],
    hasPortal: () => true,
    findTarget: (targetName) =>
      targetName === TARGET
        ? {
            targetName,
            alias: undefined,
            relativePortIdentifier: 1,
            admit: () => ({
              authentication: undefined,
              isNamed: true,
              openNexus: () => {
                const nexus = new ScriptedNexus();
                nexuses.push(nexus);
                return nexus;
              },
            }),
          }
        : undefined,
    discoveryAuthentication: undefined,
    draining: false,
  };
  const server = new IscsiServer({
    clock,
    random: new SeededRandom(1),
    log: silentLog,
    directory,
    mayAct,
    settings,
    login: { negotiation: NEGOTIATION_DEFAULTS, chap: { md5: true } },
  });
  const connect = (): MemoryStream => {
    const stream = new MemoryStream();
    server.accept(stream, portal);
    return stream;
  };
  return { clock, server, nexuses, connect };
}

async function loggedIn(keys: readonly string[] = [], mayAct = () => true) {
  const all = world(DEFAULT_ISCSI_SETTINGS, mayAct);
  const stream = all.connect();
  stream.feed(loginRequest([...NAMES, ...keys], { words: { 24: 100 } }));
  await settle();
  const [response] = stream.take();
  assert.equal(response?.readUInt16BE(36), 0, 'login status');
  return { ...all, stream, nexus: all.nexuses[0]! };
}

function command(
  cmdSn: number,
  tag: number,
  flags: number,
  expected: number,
  data?: Uint8Array,
): Buffer {
  return pdu({
    opcode: 0x01,
    flags,
    tag,
    words: { 20: expected, 24: cmdSn },
    bytes: { 32: flags & WRITE ? 0x8a : 0x88 },
    ...(data === undefined ? {} : { data }),
  });
}

test('commands reach the nexus in CmdSN order, each once, whatever the order of their coming', async () => {
  const { stream, nexus } = await loggedIn();
  nexus.onSubmit = (task) => task.end(0, 0, undefined);
  for (const sn of [102, 100, 100, 103, 101, 99, 5000]) {
    stream.feed(command(sn, sn, FINAL, 0));
  }
  assert.deepEqual(nexus.submitted.length, 4);
  await settle();
  const answers = stream.take();
  assert.deepEqual(
    answers.map((each) => each.readUInt32BE(16)),
    [100, 101, 102, 103],
  );
  assert.equal(answers.at(-1)?.readUInt32BE(28), 104, 'ExpCmdSN');
  const statSns = answers.map((each) => each.readUInt32BE(24));
  assert.deepEqual(
    statSns,
    statSns.map((_, i) => statSns[0]! + i),
    'StatSN counts on',
  );
});

test('while a gateway may not act no PDU is taken; none is lost when it may again', async () => {
  let mayAct = true;
  const { server, clock, stream, nexus } = await loggedIn([], () => mayAct);
  nexus.onSubmit = (task) => task.end(0, 0, undefined);
  mayAct = false;
  for (let sn = 100; sn < 110; sn++) stream.feed(command(sn, sn, FINAL, 0));
  server.recheck();
  await clock.advance(1_000);
  assert.deepEqual([nexus.submitted.length, stream.take().length], [0, 0]);
  mayAct = true;
  server.recheck();
  await clock.advance(0);
  assert.deepEqual([nexus.submitted.length, stream.take().length], [10, 10]);
  stream.feed(command(110, 110, FINAL, 0));
  assert.equal(nexus.submitted.length, 11);
});

test('the window closes as commands stay in flight and opens as they end', async () => {
  const { server, stream, nexus } = await loggedIn();
  const depth = server.sessions[0]!.window.size;
  const commands = Array.from({ length: depth + 5 }, (_, i) => command(100 + i, i, FINAL, 0));
  stream.feed(Buffer.concat(commands));
  assert.equal(nexus.submitted.length, depth, 'no more than the window');
  nexus.submitted[0]!.end(0, 0, undefined);
  await settle();
  const [answer] = stream.take();
  assert.equal(answer?.readUInt32BE(32), 100 + depth, 'one for it');
});

test('a read goes out as Data-In PDUs with status, bursts and residual', async () => {
  const { stream, nexus } = await loggedIn([
    'MaxRecvDataSegmentLength=1024',
    'MaxBurstLength=2048',
  ]);
  nexus.onSubmit = (task) => {
    task.transferLength = 5000;
    let value = 0;
    for (const view of task.allocateDataIn(5000)) view.set(view.map(() => value++));
    task.end(0, 5000, undefined);
  };
  stream.feed(command(100, 7, FINAL | READ, 5120));
  await settle();
  const pdus = stream.take();
  assert.deepEqual(
    pdus.map((each) => each.readUIntBE(5, 3)),
    [1024, 1024, 1024, 1024, 904],
  );
  assert.deepEqual(
    pdus.map((each) => each.readUInt32BE(36)),
    [0, 1, 2, 3, 4],
    'DataSN',
  );
  assert.deepEqual(
    pdus.map((each) => each[1]! & 0x80),
    [0, 0x80, 0, 0x80, 0x80],
    'F bit',
  );
  const last = pdus.at(-1)!;
  assert.equal(last[1]! & 0x03, 0x03, 'status and underflow');
  assert.equal(last.readUInt32BE(44), 120, 'residual count');
  const data = Buffer.concat(pdus.map((each) => each.subarray(48, 48 + each.readUIntBE(5, 3))));
  assert.ok(data.every((byte, i) => byte === (i & 0xff)));
});

test('write data is solicited beyond the immediate data, several R2Ts at a time', async () => {
  const { stream, nexus } = await loggedIn([
    'MaxBurstLength=4096',
    'FirstBurstLength=1024',
    'MaxOutstandingR2T=2',
    'InitialR2T=Yes',
  ]);
  nexus.onSubmit = (task) => {
    task.transferLength = 10_240;
    assert.equal(task.requestDataOut(10_240), false);
  };
  const payload = Buffer.alloc(10_240).map((_, i) => i * 13);
  stream.feed(command(100, 7, FINAL | WRITE, 10_240, payload.subarray(0, 1024)));
  await settle();
  const r2ts = stream.take();
  assert.deepEqual(
    r2ts.map((each) => [
      each[0],
      each.readUInt32BE(36),
      each.readUInt32BE(40),
      each.readUInt32BE(44),
    ]),
    [
      [0x31, 0, 1024, 4096],
      [0x31, 1, 5120, 4096],
    ],
  );
  const answer = async (r2t: Buffer): Promise<void> => {
    const from = r2t.readUInt32BE(40);
    const end = from + r2t.readUInt32BE(44);
    for (let at = from, sn = 0; at < end; at += 2000, sn++) {
      const to = Math.min(end, at + 2000);
      const words = { 20: r2t.readUInt32BE(20), 36: sn, 40: at };
      const flags = to === end ? FINAL : 0;
      stream.feed(pdu({ opcode: 5, flags, tag: 7, words, data: payload.subarray(at, to) }));
    }
    await settle();
  };
  await answer(r2ts[0]!);
  const [third] = stream.take();
  assert.deepEqual([third?.readUInt32BE(40), third?.readUInt32BE(44)], [9216, 1024]);
  await answer(r2ts[1]!);
  assert.equal(nexus.arrived.length, 0);
  await answer(third!);
  assert.equal(nexus.arrived.length, 1);
  assert.ok(Buffer.concat(nexus.arrived[0]!.dataOut).equals(payload));
});

test('a wrong BufferOffset fails the command; the rest of its burst is dropped', async () => {
  const { stream, nexus } = await loggedIn(['ImmediateData=No', 'InitialR2T=Yes']);
  nexus.onSubmit = (task) => void task.requestDataOut(4096);
  stream.feed(command(100, 7, FINAL | WRITE, 4096));
  await settle();
  const [r2t] = stream.take();
  const words = { 20: r2t!.readUInt32BE(20), 36: 0, 40: 512 };
  stream.feed(pdu({ opcode: 5, flags: 0, tag: 7, words, data: Buffer.alloc(512) }));
  assert.deepEqual(
    nexus.failed.map((each) => each.reason),
    ['dataPhaseError'],
  );
  stream.feed(pdu({ opcode: 5, tag: 7, words: { ...words, 36: 1 }, data: Buffer.alloc(512) }));
  await settle();
  assert.equal(stream.destroyed, false);
  assert.equal(nexus.arrived.length, 0);
});

test('immediate data against the negotiation ends the connection', async () => {
  const { stream, nexus } = await loggedIn(['ImmediateData=No']);
  stream.feed(command(100, 7, FINAL | WRITE, 512, Buffer.alloc(512)));
  await settle();
  assert.equal(nexus.submitted.length, 0);
  assert.equal(stream.take()[0]?.[0], 0x3f, 'Reject');
  assert.ok(stream.destroyed);
});

test('an initiator that takes no data is not read from until it does', async () => {
  const { stream, nexus } = await loggedIn();
  stream.draining = false;
  nexus.onSubmit = (task) => {
    task.transferLength = 1 << 20;
    task.allocateDataIn(1 << 20);
    task.end(0, 1 << 20, undefined);
  };
  const commands = Array.from({ length: 12 }, (_, i) => command(100 + i, i, FINAL | READ, 1 << 20));
  stream.feed(Buffer.concat(commands));
  await settle();
  const started = nexus.submitted.length;
  assert.ok(started <= SEND_QUEUE_BYTES_MAX / (1 << 20) + 1, `${started} commands started`);
  assert.ok(stream.paused);
  for (let i = 0; i < 20; i++) {
    stream.release();
    await settle();
  }
  assert.equal(nexus.submitted.length, 12);
  assert.equal(stream.paused, false);
});

test('silence is asked about, and ends the session when it goes on', async () => {
  const { clock, stream, nexus, server } = await loggedIn();
  await clock.advance(NOP_INTERVAL_MS + 1000);
  const [ping] = stream.take();
  assert.equal(ping?.[0], 0x20);
  assert.notEqual(ping?.readUInt32BE(20), 0xffffffff, 'a Target Transfer Tag: an answer is due');
  stream.feed(
    pdu({ opcode: 0x40, tag: 0xffffffff, words: { 20: ping!.readUInt32BE(20), 24: 100 } }),
  );
  await clock.advance(NOP_INTERVAL_MS - 1000);
  assert.equal(stream.destroyed, false);
  stream.feed(command(100, 7, FINAL, 0));
  await clock.advance(NOP_INTERVAL_MS + NOP_TIMEOUT_MS + 1000);
  assert.ok(stream.destroyed);
  assert.equal(nexus.closes, 1);
  assert.equal(server.sessions.length, 0);
  assert.equal(clock.pending, 0, 'no timer is left');
});

test('Data-Out that never comes ends the session within its bound', async () => {
  const { clock, stream, nexus } = await loggedIn(['InitialR2T=Yes', 'ImmediateData=No']);
  nexus.onSubmit = (task) => void task.requestDataOut(512);
  stream.feed(command(100, 7, FINAL | WRITE, 512));
  for (let waited = 0; waited < DATA_OUT_TIMEOUT_MS + 2000; waited += 1000) {
    await clock.advance(1000);
    stream.feed(pdu({ opcode: 0x40, tag: 0xffffffff, words: { 20: 1, 24: 101 } }));
  }
  assert.ok(stream.destroyed);
});

test('a connection that never logs in is closed in time', async () => {
  const { clock, connect } = world();
  const stream = connect();
  stream.feed(loginRequest(NAMES).subarray(0, 40));
  await clock.advance(LOGIN_TIMEOUT_MS - 10);
  assert.equal(stream.destroyed, false);
  await clock.advance(20);
  assert.ok(stream.destroyed);
});

test('a flood of unfinished logins makes room from its oldest', async () => {
  const { connect } = world({ ...DEFAULT_ISCSI_SETTINGS, pendingLoginsMax: 3 });
  const streams = [connect(), connect(), connect(), connect(), connect()];
  await settle();
  assert.deepEqual(
    streams.map((each) => each.destroyed),
    [true, true, false, false, false],
  );
});

test('reinstatement answers the new login when nothing of the old session is under way', async () => {
  const { stream, nexus, connect, nexuses, clock } = await loggedIn();
  const drained = Promise.withResolvers<void>();
  nexus.onClose = () => drained.promise;
  const again = connect();
  again.feed(loginRequest(NAMES));
  await clock.advance(0);
  assert.ok(stream.destroyed, 'the old connection is closed');
  assert.equal(again.take().length, 0, 'the login waits');
  drained.resolve();
  await clock.advance(0);
  assert.equal(again.take()[0]?.readUInt16BE(36), 0);
  assert.equal(nexuses.length, 2);
});

test('logout is answered, then the connection closes', async () => {
  const { stream, nexus, server } = await loggedIn();
  stream.feed(pdu({ opcode: 0x06, flags: 0x80, tag: 3, words: { 24: 100 } }));
  await settle();
  const [response] = stream.take();
  assert.deepEqual([response?.[0], response?.[2]], [0x26, 0]);
  assert.ok(stream.destroyed);
  assert.equal(nexus.closes, 1);
  assert.equal(server.sessions.length, 0);
});

test('SNACK and unknown opcodes are rejected without ending the session', async () => {
  const { stream } = await loggedIn();
  stream.feed(pdu({ opcode: 0x10 }));
  stream.feed(pdu({ opcode: 0x1e }));
  await settle();
  assert.deepEqual(
    stream.take().map((each) => [each[0], each[2]]),
    [
      [0x3f, 3],
      [0x3f, 5],
    ],
  );
  assert.equal(stream.destroyed, false);
});
