// Proves when a connection is read: not while the gateway may not act or answers must leave first,
// for its turn and no longer; that what was left is taken later, in order; and what its stop drops.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FullFeaturePhase } from '../../../src/iscsi/full-feature-phase.ts';
import { Intake } from '../../../src/iscsi/intake.ts';
import { STRANGER_TURN_PDUS, TURN_CHECK_PDUS, TURN_MAX_MS } from '../../../src/iscsi/limits.ts';
import type { LoginPhase } from '../../../src/iscsi/login-phase.ts';
import { PeerWatch } from '../../../src/iscsi/peer-watch.ts';
import { TurnShares } from '../../../src/iscsi/turn-share.ts';
import type { Pdu } from '../../../src/iscsi/wire/pdu.ts';
import { silentLog } from '../../../src/log/log.ts';
import { pdu } from '../../support/iscsi-peer.ts';
import { CountingSlabPool, FINAL, FIRST_CMD_SN, scsiCommand } from '../../support/iscsi-world.ts';
import { SessionParts } from '../../support/session-parts.ts';
import { settle, TurnClock } from '../../support/virtual-clock.ts';

function begin() {
  const clock = new TurnClock();
  const parts = new SessionParts({ clock, queueDepth: 64 });
  const { stream, queue, session, tasks } = parts;
  const loginPool = new CountingSlabPool();
  const logins: number[] = [];
  const faults: string[] = [];
  const progress = { look: () => true, stalledMs: () => 0, skipGap: () => {} };
  const watch = new PeerWatch(clock, {
    progress: progress as never,
    isWithinPdu: () => intake.isWithinPdu,
    unacknowledgedBytes: () => 0,
    lost: (reason) => faults.push(reason),
  });
  const may = { act: true, logIn: true };
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
    mayAct: () => may.act,
    queue,
    watch,
    login: login as unknown as LoginPhase,
    onFramingFault: (fault) => faults.push(fault),
    onClosed: () => faults.push('closed'),
  });
  queue.onSent = () => intake.sent();
  intake.start();
  const enter = () => {
    const ends = { end: () => {}, endTarget: () => {} };
    const phase = new FullFeaturePhase({ session, tasks, clock, log: silentLog, ...ends });
    intake.enterFullFeaturePhase(phase, session);
  };
  const tags = () => parts.nexus.submitted.map(({ tag }) => tag);
  return { ...parts, clock, session, loginPool, logins, faults, may, intake, enter, tags };
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
  const { stream, clock, may, enter, intake, tags } = begin();
  enter();
  may.act = false;
  stream.feed(commands(0, 1));
  stream.feed(commands(1, 2));
  assert.deepEqual([tags(), stream.paused], [[], true]);
  intake.recheck();
  await clock.endTurn();
  assert.deepEqual(tags(), [], 'it still may not');
  may.act = true;
  intake.recheck();
  intake.recheck();
  await clock.endTurn();
  assert.deepEqual([tags(), stream.paused], [[0, 1, 2], false]);
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

test('a stranger has a few PDUs in a turn, a session as many as its time allows', async () => {
  const stranger = begin();
  const all = Array.from({ length: 3 * STRANGER_TURN_PDUS }, (_, i) => i + 1);
  stranger.stream.feed(Buffer.concat(all.map(request)));
  assert.equal(stranger.logins.length, STRANGER_TURN_PDUS);
  await stranger.clock.endTurn();
  assert.equal(stranger.logins.length, 2 * STRANGER_TURN_PDUS);
  await stranger.clock.endTurn();
  assert.deepEqual(stranger.logins, all);
  const { stream, clock, enter, nexus, tags } = begin();
  enter();
  stream.feed(commands(0, 24));
  assert.equal(tags().length, 24, 'no time has passed');
  nexus.onSubmit = () => clock.skip(TURN_MAX_MS);
  stream.feed(commands(24, 2 * TURN_CHECK_PDUS));
  assert.ok(tags().length <= 24 + TURN_CHECK_PDUS);
  for (let i = 0; i < 4; i++) await clock.endTurn();
  assert.equal(tags().length, 24 + 2 * TURN_CHECK_PDUS);
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
  const { stream, clock, enter, intake, tags, loginPool, faults, pool, queue } = begin();
  enter();
  stream.feed(commands(0, 1).subarray(0, 20));
  assert.ok(intake.isWithinPdu);
  intake.stop();
  stream.feed(commands(0, 1).subarray(20));
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
