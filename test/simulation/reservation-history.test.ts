// The checker of reservations takes what one copy of them could have shown, in whatever order the
// commands overlap, and refuses the rest: a conflict that nobody made, a write through a gateway
// that has not heard of a reservation, a reservation that is not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReservationHistory } from '../../sim/checkers/reservation-history.ts';
import { Violation } from '../../sim/violation.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';

const [A, B] = ['host0:192.0.2.1', 'host1:192.0.2.2'];
const [KEY_A, KEY_B] = ['aa'.repeat(8), 'bb'.repeat(8)];
const ZERO = '00'.repeat(8);

function register(nexus: string, newKey: string): ReserveOutRequest {
  return {
    ...{ action: 'registerAndIgnoreExistingKey', nexus, key: ZERO, newKey, aptpl: false },
    ...{ others: [], namesInitiatorPorts: false },
  };
}

const reserve = (nexus: string, key: string, type = 5): ReserveOutRequest => {
  return { action: 'reserve', nexus, key, scope: 0, type };
};

const preempt = (nexus: string, key: string, victimKey: string): ReserveOutRequest => {
  return { action: 'preempt', nexus, key, victimKey, scope: 0, type: 5 };
};

function run(history: ReservationHistory, request: ReserveOutRequest, status: 'good' | 'conflict') {
  return history.end(history.begin(request), status);
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
  history.endAccess(history.beginAccess(B, 'writes'), 'conflict');
  history.endAccess(history.beginAccess(B, 'reads'), 'allowed');
  history.endAccess(history.beginAccess(A, 'writes'), 'allowed');
  assert.throws(() => history.endAccess(history.beginAccess(B, 'writes'), 'allowed'), Violation);
  assert.throws(() => history.endAccess(history.beginAccess(A, 'writes'), 'conflict'), Violation);
});

test('while a command is under way both are right, but not one after the other the wrong way', () => {
  const history = new ReservationHistory();
  run(history, register(A, KEY_A), 'good');
  const command = history.begin(reserve(A, KEY_A));
  const late = history.beginAccess(B, 'writes');
  history.endAccess(history.beginAccess(B, 'writes'), 'allowed');
  history.endAccess(history.beginAccess(B, 'writes'), 'conflict');
  assert.throws(() => history.endAccess(history.beginAccess(B, 'writes'), 'allowed'), Violation);
  history.endAccess(late, 'allowed');
  history.end(command, 'good');
  history.endAccess(history.beginAccess(B, 'writes'), 'conflict');
});

test('of two that reserve at one time one has the reservation', () => {
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
    history.endAccess(history.beginAccess(A, 'writes'), first);
    assert.throws(() => history.endAccess(history.beginAccess(A, 'writes'), second), Violation);
  }
});

test('whom a command tells is certain unless another came between', () => {
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

test('whom a command told is in doubt as long as an earlier REGISTER may have been done', () => {
  const history = new ReservationHistory();
  history.end(history.begin(register(B, KEY_B)), 'unknown');
  run(history, register(A, KEY_A), 'good');
  const { told, isCertain } = run(history, { action: 'clear', nexus: A, key: KEY_A }, 'good');
  assert.deepEqual([[...told], isCertain], [[`${B} 2a03`], false]);
});
