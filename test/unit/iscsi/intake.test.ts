// Proves when a connection is read: not while the gateway may not act or answers must leave first,
// for its turn and no longer; that what was left is taken later, in order; and what its stop drops.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FullFeaturePhase } from '../../../src/iscsi/full-feature-phase.ts';
import { Intake } from '../../../src/iscsi/intake.ts';
import { LOGIN_TURN_PDUS, TURN_CHECK_PDUS, TURN_MAX_MS } from '../../../src/iscsi/limits.ts';
import type { LoginPhase } from '../../../src/iscsi/login-phase.ts';
import { PeerWatch } from '../../../src/iscsi/peer-watch.ts';
import { TurnShares } from '../../../src/iscsi/turn-share.ts';
import { digestOf, putDigest } from '../../../src/iscsi/wire/digest.ts';
import type { Pdu } from '../../../src/iscsi/wire/pdu.ts';
import { silentLog } from '../../../src/log/log.ts';
import { pdu } from '../../support/iscsi-peer.ts';
import { CountingSlabPool, FINAL, FIRST_CMD_SN, scsiCommand } from '../../support/iscsi-world.ts';
import { SessionParts, type SessionPartsOptions } from '../../support/session-parts.ts';
import { settle, TurnClock } from '../../support/virtual-clock.ts';

const NO_TAG = 0xffff_ffff;

function begin(options: SessionPartsOptions = {}) {
  const clock = new TurnClock();
  const parts = new SessionParts({ clock, queueDepth: 64, ...options });
  const { stream, queue, session, tasks } = parts;
  const loginPool = new CountingSlabPool();
  const logins: number[] = [];
  const faults: string[] = [];
  const progress = { look: () => true, stalledMs: () => 0, countFrom: () => {} };
  const watch = new PeerWatch(clock, {
    progress: progress as never,
    isWithinPdu: () => intake.isWithinPdu,
    unacknowledgedBytes: () => 0,
    lost: (reason) => faults.push(reason),
  });
  const watched: string[] = [];
  for (const name of ['received', 'blocked', 'unblocked'] as const) {
    const report = watch[name].bind(watch);
    watch[name] = () => {
      watched.push(name);
      report();
    };
  }
  const may = { act: true, logIn: true, asked: 0 };
  const login = {
    get ready() {
      return may.logIn;
    },
    onPdu: ({ bytes, base }: Pdu) => logins.push(bytes[base + 19]!),
  };
  const intake = new Intake({
    stream,
    clock,
    loginPool,
    turnShares: new TurnShares(clock),
    mayAct: () => {
      may.asked++;
      return may.act;
    },
    queue,
    watch,
    login: login as unknown as LoginPhase,
    onFramingFault: (fault) => faults.push(fault),
    onClosed: () => faults.push('closed'),
  });
  queue.onSent = () => intake.sent();
  intake.start();
  const enter = () => {
    const ends = { end: () => {} };
    const phase = new FullFeaturePhase({ session, tasks, clock, log: silentLog, ...ends });
    intake.enterFullFeaturePhase(phase, session);
  };
  const tags = () => parts.nexus.submitted.map(({ tag }) => tag);
  const told = () => watched.splice(0);
  const seen = { logins, faults, told };
  return { ...parts, clock, session, loginPool, ...seen, may, intake, enter, tags };
}

const request = (tag: number) => pdu({ opcode: 0x03, tag });
const commands = (from: number, count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const at = from + i;
      return scsiCommand(FIRST_CMD_SN + at, at, FINAL, 0);
    }),
  );

test('PDUs go to the login, and after it to the full feature phase', () => {
  const { stream, logins, enter, tags } = begin();
  stream.feed(request(1));
  enter();
  stream.feed(commands(0, 2));
  assert.deepEqual([logins, tags()], [[1], [0, 1]]);
});

test('what comes while the gateway may not act is taken, in order, once it may', async () => {
  const { stream, clock, may, enter, intake, tags, told } = begin();
  enter();
  may.act = false;
  told();
  stream.feed(commands(0, 1));
  assert.deepEqual(told(), ['received', 'blocked']);
  stream.feed(commands(1, 2));
  assert.deepEqual([tags(), stream.paused], [[], true]);
  intake.recheck();
  await clock.endTurn();
  assert.deepEqual(tags(), [], 'it still may not');
  assert.deepEqual(told(), ['received']);
  may.act = true;
  intake.recheck();
  intake.recheck();
  await clock.endTurn();
  assert.deepEqual([tags(), stream.paused], [[0, 1, 2], false]);
  assert.ok(told().includes('unblocked'));
});

test('a login that waits takes no further PDU', async () => {
  const { stream, clock, logins, may, intake } = begin();
  may.logIn = false;
  stream.feed(request(1));
  assert.deepEqual([logins, stream.paused], [[], true]);
  may.logIn = true;
  intake.recheck();
  await clock.endTurn();
  assert.deepEqual([logins, stream.paused], [[1], false]);
});

test('a login has a few PDUs in a turn, a session as many as its time allows', async () => {
  const login = begin();
  const all = Array.from({ length: 3 * LOGIN_TURN_PDUS }, (_, i) => i + 1);
  login.stream.feed(Buffer.concat(all.map(request)));
  assert.equal(login.logins.length, LOGIN_TURN_PDUS);
  await login.clock.endTurn();
  assert.equal(login.logins.length, 2 * LOGIN_TURN_PDUS);
  await login.clock.endTurn();
  assert.deepEqual(login.logins, all);
  const { stream, clock, enter, intake, nexus, tags, told } = begin();
  enter();
  stream.feed(commands(0, 24));
  assert.equal(tags().length, 24, 'no time has passed');
  nexus.onSubmit = () => clock.skip(TURN_MAX_MS);
  stream.feed(commands(24, 2 * TURN_CHECK_PDUS));
  const taken = tags().length;
  assert.ok(taken <= 24 + TURN_CHECK_PDUS);
  assert.ok(!told().includes('blocked'), 'who sends more than fits into its turns is read from');
  stream.feed(commands(24 + 2 * TURN_CHECK_PDUS, 1));
  intake.sent();
  assert.equal(tags().length, taken, 'neither bytes nor room for answers begin another turn');
  for (let i = 0; i < 4; i++) await clock.endTurn();
  assert.equal(tags().length, 24 + 2 * TURN_CHECK_PDUS + 1);
});

test('nothing is read on while answers must leave, and it goes on when they have', async () => {
  const { stream, session, enter, tags } = begin();
  enter();
  stream.draining = false;
  const { writer, account } = session;
  const room = account.roomBytes;
  while (writer.queue.unsentBytes < account.slabBytes) {
    const region = writer.reserve(8192);
    writer.header(region, 0x25, 0, 8192, 1);
    writer.send(region, 8192);
  }
  writer.queue.flush();
  account.hold(Math.ceil(room) + 1);
  stream.feed(commands(0, 1));
  assert.deepEqual([tags(), stream.paused], [[], true]);
  stream.release();
  await settle();
  assert.deepEqual([tags(), stream.paused], [[0], false]);
  account.release(Math.ceil(room) + 1);
});

test('after its stop it drops what it reads, and its close releases every buffer', async () => {
  const { stream, clock, enter, intake, may, tags, loginPool, faults, pool, queue } = begin();
  enter();
  stream.feed(commands(0, 1).subarray(0, 20));
  assert.ok(intake.isWithinPdu);
  intake.stop();
  const { asked } = may;
  stream.feed(commands(0, 1).subarray(20));
  assert.equal(may.asked, asked);
  intake.recheck();
  await clock.endTurn();
  assert.deepEqual(tags(), []);
  intake.close();
  queue.close();
  assert.deepEqual([loginPool.held, pool.held, faults], [0, 0, []]);
});

test('bytes that are no PDUs are a fault of framing', () => {
  const { stream, faults } = begin();
  const long = request(1);
  long.writeUIntBE(2 ** 24 - 1, 5, 3);
  stream.feed(long);
  assert.deepEqual(faults, ['dataSegmentTooLong']);
});

test('a login is not read on while its answers fill the queue', async () => {
  const { stream, session, queue, logins, told } = begin();
  stream.draining = false;
  while (queue.hasRoom) {
    const region = session.writer.reserve(8192);
    session.writer.header(region, 0x25, 0, 8192, 1);
    session.writer.send(region, 8192);
  }
  queue.flush();
  stream.feed(request(1));
  assert.deepEqual([logins, stream.paused, told()], [[], true, ['received']]);
  stream.release();
  await settle();
  assert.deepEqual([logins, stream.paused], [[1], false]);
});

test('a discovery session keeps the small buffers of its login, a normal one has large ones', () => {
  for (const isDiscovery of [true, false]) {
    const { stream, enter, loginPool, pool } = begin({ isDiscovery });
    enter();
    stream.feed(pdu({ opcode: 0x00, words: { 20: NO_TAG, 24: FIRST_CMD_SN } }).subarray(0, 20));
    assert.deepEqual([loginPool.held, pool.held], isDiscovery ? [1, 0] : [0, 1]);
  }
});

test('a session is read with the digests that it negotiated', () => {
  const { stream, enter, tags, faults } = begin({ parameters: { headerDigest: true } });
  enter();
  const command = commands(0, 1);
  const digest = new Uint8Array(4);
  putDigest(digest, digestOf([command]));
  stream.feed(Buffer.concat([command, digest]));
  assert.deepEqual([tags(), faults], [[0], []]);
});

test('answers to all that came together leave together, before the read is over', () => {
  const { stream, enter, nexus } = begin();
  enter();
  nexus.onSubmit = (task) => task.end(0, 0, undefined);
  let writes = 0;
  const write = stream.write.bind(stream);
  stream.write = (chunks, sent) => {
    writes++;
    write(chunks, sent);
  };
  stream.feed(commands(0, 3));
  assert.deepEqual([writes, stream.take().length], [1, 3]);
});
