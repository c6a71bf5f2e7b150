// Proves when a peer counts as lost, on virtual time and on the watch alone: logins, sessions and
// logouts that take too long, silence, and what excuses it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerProgress } from '../../../src/iscsi/answer-progress.ts';
import {
  ABSENT_TIMEOUT_MS,
  CLOSE_TIMEOUT_MS,
  COMMAND_MAX_MS,
  DATA_OUT_TIMEOUT_MS,
  DISCOVERY_SESSION_MAX_MS,
  IDLE_TIMEOUT_MS,
  LOGIN_TIMEOUT_MS,
  LOGOUT_REQUEST_TIMEOUT_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
  WATCH_INTERVAL_MS,
} from '../../../src/iscsi/limits.ts';
import { PeerWatch } from '../../../src/iscsi/peer-watch.ts';
import { SessionParts, type SessionPartsOptions } from '../../support/session-parts.ts';

/** A look comes every interval, so a bound is noticed within two of them. */
const LOOKS_MS = 2 * WATCH_INTERVAL_MS;

function watched(options: SessionPartsOptions = {}) {
  const parts = new SessionParts(options);
  const lost: string[] = [];
  const connection = {
    progress: new AnswerProgress(parts.queue, parts.stream),
    isWithinPdu: () => false,
    unacknowledgedBytes: () => 0,
    lost: (reason: string) => {
      lost.push(reason);
      watch.stop();
    },
  };
  const watch = new PeerWatch(parts.clock, connection);
  const { clock, session } = parts;
  /** Lets time go by while the initiator shows that it lives. */
  const live = async (ms: number) => {
    for (let waited = 0; waited < ms && lost.length === 0; waited += 1000) {
      await clock.advance(1000);
      watch.received();
    }
  };
  const begin = () => watch.begin(session);
  return { ...parts, clock, session, connection, watch, lost, live, begin };
}

test('a login takes only so long, and none is awaited after it', async () => {
  const slow = watched();
  await slow.clock.advance(LOGIN_TIMEOUT_MS);
  assert.deepEqual(slow.lost, ['login timed out']);
  const quick = watched();
  quick.begin();
  await quick.live(2 * LOGIN_TIMEOUT_MS);
  assert.deepEqual(quick.lost, []);
});

test('a silent initiator with a command under way is asked once, and then it is lost', async () => {
  const { clock, stream, lost, begin, session } = watched();
  begin();
  session.window.advance();
  await clock.advance(NOP_INTERVAL_MS + LOOKS_MS);
  const pings = stream.take();
  assert.deepEqual(
    pings.map((pdu) => [pdu[0], pdu.readUInt32BE(20)]),
    [[0x20, 1]],
  );
  assert.deepEqual(lost, []);
  await clock.advance(NOP_TIMEOUT_MS + LOOKS_MS);
  assert.deepEqual(lost, ['no answer to NOP-In']);
});

test('an idle initiator may be silent for longer, and is asked again before it is lost', async () => {
  const { clock, connection, stream, lost, begin } = watched();
  begin();
  await clock.advance(NOP_INTERVAL_MS + IDLE_TIMEOUT_MS + LOOKS_MS);
  assert.deepEqual([stream.take().length, lost], [2, []]);
  connection.isWithinPdu = () => true;
  await clock.advance(NOP_TIMEOUT_MS + LOOKS_MS);
  assert.deepEqual(lost, ['no answer to NOP-In'], 'a part of a PDU is not idle');
});

test('a command that does not end is no fault of a silent initiator, but of its medium', async () => {
  const { nexus, lost, live, begin } = watched();
  begin();
  nexus.ages = { runningMs: COMMAND_MAX_MS, changingMs: 0, agreeingMs: 0 };
  await live(LOOKS_MS);
  assert.deepEqual(lost, ['a command does not end']);
});

test('a change that the gateways do not agree on in 8 s ends its session, not before 7', async () => {
  const { nexus, clock, lost, begin } = watched();
  const beganMs = clock.now();
  nexus.age = () => {
    const runningMs = clock.now() - beganMs;
    return { runningMs, changingMs: 0, agreeingMs: runningMs };
  };
  begin();
  await clock.advance(7_000);
  assert.deepEqual(lost, []);
  await clock.advance(1_000);
  assert.deepEqual(lost, ['the gateways do not enforce a change in time']);
});

test('a discovery session, a logout and an end take only so long', async () => {
  const discovery = watched({ isDiscovery: true });
  discovery.begin();
  await discovery.live(DISCOVERY_SESSION_MAX_MS + LOOKS_MS);
  assert.deepEqual(discovery.lost, ['the discovery session lasted too long']);
  const asked = watched();
  asked.begin();
  asked.watch.expectLogout();
  await asked.live(LOGOUT_REQUEST_TIMEOUT_MS + LOOKS_MS);
  assert.deepEqual(asked.lost, ['no logout after the request for it']);
  const ending = watched();
  ending.begin();
  ending.watch.beginEnd('logout');
  await ending.clock.advance(CLOSE_TIMEOUT_MS);
  assert.deepEqual(ending.lost, ['logout']);
});

test('an initiator that takes none of its answers is absent, however much it sends', async () => {
  const { session, stream, lost, live, begin } = watched();
  begin();
  stream.draining = false;
  stream.unacknowledgedBytes = 48;
  session.writer.compose(0x20, 0x80, 1, undefined, () => {});
  await live(ABSENT_TIMEOUT_MS + 2 * LOOKS_MS);
  assert.deepEqual(lost, ['the initiator takes no data']);
});

test('an initiator that takes an answer while it is first looked at is not absent', async () => {
  const { clock, session, stream, lost, live, begin } = watched();
  // A clock says how long the machine has been up.
  clock.skip(10 * ABSENT_TIMEOUT_MS);
  begin();
  stream.draining = false;
  stream.unacknowledgedBytes = 48;
  session.writer.compose(0x20, 0x80, 1, undefined, () => {});
  await live(ABSENT_TIMEOUT_MS - LOOKS_MS);
  assert.deepEqual(lost, []);
  await live(3 * LOOKS_MS);
  assert.deepEqual(lost, ['the initiator takes no data']);
});

test('data that is owed is late, but not while nothing is read', async () => {
  for (const isBlocked of [false, true]) {
    const parts = watched({ parameters: { initialR2t: true, immediateData: false } });
    const { begin, live, lost, session, watch } = parts;
    begin();
    session.dataOut.owed.addSolicited(parts.tasks.take(), 0, 512, 0, Infinity);
    if (isBlocked) watch.blocked();
    await live(DATA_OUT_TIMEOUT_MS + LOOKS_MS);
    assert.deepEqual(lost, isBlocked ? [] : ['Data-Out timed out']);
    if (!isBlocked) continue;
    watch.unblocked();
    await live(LOOKS_MS);
    assert.deepEqual(lost, [], 'the time in which nothing was read does not count');
    await live(DATA_OUT_TIMEOUT_MS);
    assert.deepEqual(lost, ['Data-Out timed out']);
  }
});

test('time in which the gateway itself stood still counts for nothing', async () => {
  const { clock, lost, begin, session } = watched();
  begin();
  session.window.advance();
  await clock.advance(NOP_INTERVAL_MS + LOOKS_MS);
  clock.skip(60_000);
  await clock.advance(WATCH_INTERVAL_MS);
  assert.deepEqual(lost, []);
});
