// Proves that the checker of reservations accepts what a single copy of them could show, however
// the commands overlap, and refuses the rest: a conflict without a cause, a write through a gateway
// that does not know of a reservation, a reservation that does not exist.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReservationChange } from '../../sim/checkers/reservation-change.ts';
import { ReservationHistory } from '../../sim/checkers/reservation-history.ts';
import { Violation } from '../../sim/violation.ts';
import type { NexusSession } from '../../src/scsi/reservations/reservations.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';

const [A, B] = ['192.0.2.1:host0/0', '192.0.2.2:host1/1'];
const [KEY_A, KEY_B] = ['aa'.repeat(8), 'bb'.repeat(8)];
const ZERO = '00'.repeat(8);

function sessionOf(nexus: string, number = 1): NexusSession {
  return { nexus, incarnation: '', number };
}

function register(nexus: string, newKey: string): ReserveOutRequest {
  return {
    ...{ action: 'registerAndIgnoreExistingKey', nexus, key: ZERO, newKey, aptpl: false },
    ...{ others: [], namesInitiatorPorts: false, namesTooMany: false },
  };
}

const reserve = (nexus: string, key: string, type = 5): ReserveOutRequest => {
  return { action: 'reserve', nexus, key, scope: 0, type };
};

const preempt = (nexus: string, key: string, victimKey: string): ReserveOutRequest => {
  return { action: 'preempt', nexus, key, victimKey, scope: 0, type: 5 };
};

function run(history: ReservationHistory, change: ReservationChange, status: 'good' | 'conflict') {
  return history.end(history.begin(change), status);
}

function reserved(): ReservationHistory {
  const history = new ReservationHistory();
  run(history, register(A, KEY_A), 'good');
  run(history, reserve(A, KEY_A), 'good');
  return history;
}

test('a write of one that is not registered conflicts once a reservation is answered', () => {
  const history = reserved();
  assert.ok(history.forbidsWrites(B) && !history.forbidsWrites(A));
  history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'conflict');
  history.endAccess(history.beginAccess(sessionOf(B), 'reads'), 'allowed');
  history.endAccess(history.beginAccess(sessionOf(A), 'writes'), 'allowed');
  assert.throws(
    () => history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'allowed'),
    Violation,
  );
  assert.throws(
    () => history.endAccess(history.beginAccess(sessionOf(A), 'writes'), 'conflict'),
    Violation,
  );
});

test('until a command is answered a gateway may be late to enforce it, and not after that', () => {
  const history = new ReservationHistory();
  run(history, register(A, KEY_A), 'good');
  const command = history.begin(reserve(A, KEY_A));
  const late = history.beginAccess(sessionOf(B), 'writes');
  for (const seen of ['allowed', 'conflict', 'allowed']) {
    history.endAccess(history.beginAccess(sessionOf(B), 'writes'), seen);
  }
  history.endAccess(history.beginAccess(sessionOf(B), 'reservation'), `1: 5 of ${KEY_A}`);
  const early = () =>
    history.endAccess(history.beginAccess(sessionOf(B), 'reservation'), '1: none');
  assert.throws(early, Violation);
  history.endAccess(late, 'allowed');
  history.end(command, 'good');
  assert.throws(() => {
    history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'allowed');
  }, Violation);
  history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'conflict');
});

test('of two concurrent reservations one succeeds', () => {
  for (const winner of [0, 1]) {
    const history = new ReservationHistory();
    run(history, register(A, KEY_A), 'good');
    run(history, register(B, KEY_B), 'good');
    const both = [reserve(A, KEY_A, 1), reserve(B, KEY_B, 1)].map((each) => history.begin(each));
    history.end(both[winner]!, 'good');
    assert.throws(() => history.end(both[1 - winner]!, 'good'), Violation);
    history.end(both[1 - winner]!, 'conflict');
  }
});

test('a command of unknown outcome may have been done or not, and stays as it was seen', () => {
  for (const isDone of [false, true]) {
    const history = reserved();
    run(history, register(B, KEY_B), 'good');
    history.end(history.begin(preempt(B, KEY_B, KEY_A)), 'unknown');
    const [first, second] = isDone
      ? (['conflict', 'allowed'] as const)
      : (['allowed', 'conflict'] as const);
    history.endAccess(history.beginAccess(sessionOf(A), 'writes'), first);
    assert.throws(
      () => history.endAccess(history.beginAccess(sessionOf(A), 'writes'), second),
      Violation,
    );
  }
});

test('the nexuses that a command notifies are certain unless another came between', () => {
  const history = reserved();
  run(history, register(B, KEY_B), 'good');
  const alone = run(history, preempt(B, KEY_B, KEY_A), 'good');
  assert.deepEqual([alone.isCertain, [...alone.told]], [true, [`${A} 2a05`]]);
  const [release, registering] = [
    history.begin({ action: 'release', nexus: B, key: KEY_B, scope: 0, type: 5 }),
    history.begin(register(A, KEY_A)),
  ];
  const doubtful = history.end(release, 'good');
  assert.deepEqual([doubtful.isCertain, [...doubtful.told]], [false, [`${A} 2a04`]]);
  history.end(registering, 'good');
});

test('the notified nexuses are uncertain while an earlier REGISTER may have been done', () => {
  const history = new ReservationHistory();
  history.end(history.begin(register(B, KEY_B)), 'unknown');
  run(history, register(A, KEY_A), 'good');
  const { told, isCertain } = run(history, { action: 'clear', nexus: A, key: KEY_A }, 'good');
  assert.deepEqual([[...told], isCertain], [[`${B} 2a03`], false]);
});

test('PERSISTENT RESERVE IN shows the reservations of one moment while it is under way', () => {
  const [before, after] = [`1: 5 of ${KEY_A}`, '2: none'];
  for (const seen of [before, after]) {
    const history = reserved();
    const reading = history.beginAccess(sessionOf(B), 'reservation');
    run(history, { action: 'clear', nexus: A, key: KEY_A }, 'good');
    history.endAccess(reading, seen);
    const late = history.beginAccess(sessionOf(B), 'reservation');
    assert.throws(() => history.endAccess(late, before), Violation);
  }
});

test('registrations outlast all gateways only with APTPL', () => {
  for (const aptpl of [false, true]) {
    const history = new ReservationHistory();
    run(history, { ...register(A, KEY_A), aptpl } as ReservationChange, 'good');
    run(history, reserve(A, KEY_A), 'good');
    history.lifeBegan();
    const write = history.beginAccess(sessionOf(B), 'writes');
    history.endAccess(write, aptpl ? 'conflict' : 'allowed');
    const keys = history.beginAccess(sessionOf(B), 'keys');
    history.endAccess(keys, aptpl ? `0: ${KEY_A}` : '0: ');
  }
});

test('RESERVE keeps others out until RELEASE, a reset, or the end of its session', () => {
  const ends: readonly ((history: ReservationHistory) => unknown)[] = [
    (history) => run(history, { action: 'releaseUnit', session: sessionOf(A) }, 'good'),
    (history) => run(history, { action: 'reset' }, 'good'),
    (history) => {
      const ending = history.begin({ action: 'endSession', session: sessionOf(A) });
      // Its gateway may have released it, and another one may not know that yet.
      history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'allowed');
      history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'conflict');
      history.sessionOver(ending, sessionOf(A));
    },
  ];
  for (const end of ends) {
    const history = new ReservationHistory();
    run(history, { action: 'reserveUnit', session: sessionOf(A) }, 'good');
    run(history, register(B, KEY_B), 'conflict');
    const again = history.beginAccess(sessionOf(A, 2), 'writes');
    history.endAccess(again, 'conflict');
    end(history);
    history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'allowed');
    run(history, register(B, KEY_B), 'good');
  }
});

test('a gateway that answers RELEASE had not ended the session before', () => {
  const history = new ReservationHistory();
  const ending = history.begin({ action: 'endSession', session: sessionOf(A) });
  run(history, { action: 'reserveUnit', session: sessionOf(A) }, 'good');
  history.endAccess(history.beginAccess(sessionOf(B), 'writes'), 'allowed');
  run(history, { action: 'releaseUnit', session: sessionOf(A) }, 'good');
  assert.throws(() => history.end(ending, 'none'), Violation);
});
