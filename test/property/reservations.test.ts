// Proves that the reservations of a logical unit change as the standard's tables say: random
// programs of PERSISTENT RESERVE OUT, RESERVE and RELEASE from six nexuses run against the pure
// functions and against a second, naive implementation, and after each command both must agree in
// status, state, unit attentions, aborts and access. On the way every state passes its encoding,
// and every change its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CommandResult } from '../../src/scsi/command-result.ts';
import { throughPort } from '../../src/scsi/reservations/nexus-name.ts';
import { decodeReservations, encodeReservations } from '../../src/scsi/reservations/record.ts';
import {
  type NexusSession,
  NO_RESERVATIONS,
  type Reservations,
  type ReservationTransition,
} from '../../src/scsi/reservations/reservations.ts';
import {
  changedReservations,
  type ReservationsChange,
  reservationsChange,
} from '../../src/scsi/reservations/reservations-change.ts';
import { reserveOut } from '../../src/scsi/reservations/reserve-out.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';
import { releaseUnit, reserveUnit } from '../../src/scsi/reservations/reserve-release.ts';
import { CONFLICTS, restrictionsOf } from '../../src/scsi/reservations/restrictions.ts';
import { conditions } from '../../src/scsi/sense-table.ts';
import { Status } from '../../src/scsi/status.ts';
import { NaiveReservations, type NaiveStatus } from '../support/naive-reservations.ts';
import { nexusOf } from '../support/nexus-names.ts';

const runs = Number(process.env['ALLPATH_PROPERTY_RUNS'] ?? 1500);

const PORTS = [1, 2, 3];
const nexuses = ['a', 'b'].flatMap((host) => PORTS.map((port) => nexusOf(host, port)));
const nexus = fc.constantFrom(...nexuses);
const key = fc.constantFrom(
  '0000000000000000',
  '00000000000000aa',
  'bbbbbbbbbbbbbbbb',
  'cc'.repeat(8),
);
const type = fc.constantFrom(1, 3, 5, 6, 7, 8, 1, 3, 5, 6, 7, 8, 0, 2, 15);
const scope = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1);
const session = fc.constantFrom(1, 2);

/** ALL_TG_PT, SPEC_I_PT, both or none. */
const register = fc
  .record({
    action: fc.constantFrom('register' as const, 'registerAndIgnoreExistingKey' as const),
    ...{ nexus, key, newKey: key, aptpl: fc.boolean() },
    isOnAllPorts: fc.boolean(),
    named: fc.option(nexus, { nil: undefined }),
  })
  .map(({ isOnAllPorts, named, ...request }): ReserveOutRequest => {
    const ports = isOnAllPorts ? PORTS : [Number(request.nexus.split(':')[0])];
    const named1 = named === undefined ? [] : [named];
    const all = [request.nexus, ...named1].flatMap((each) =>
      ports.map((port) => throughPort(each, port)),
    );
    const others = [...new Set(all)].filter((each) => each !== request.nexus);
    return { ...request, others, namesInitiatorPorts: named !== undefined, namesTooMany: false };
  });

const request: fc.Arbitrary<ReserveOutRequest> = fc.oneof(
  { weight: 4, arbitrary: register },
  {
    weight: 3,
    arbitrary: fc.record({
      action: fc.constantFrom('reserve' as const, 'reserve' as const, 'release' as const),
      ...{ nexus, key, scope, type },
    }),
  },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('clear' as const), nexus, key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      action: fc.constantFrom('preempt' as const, 'preemptAndAbort' as const),
      ...{ nexus, key, victimKey: key, scope, type },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      action: fc.constant('registerAndMove' as const),
      ...{ nexus, key, newKey: key, destination: nexus },
      ...{ unregisters: fc.boolean(), aptpl: fc.boolean() },
    }),
  },
);

/** Keys are given right mostly, or a program would meet nothing but conflicts. */
const step = fc.oneof(
  { weight: 9, arbitrary: fc.record({ request, isKeyRight: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ takes: fc.boolean(), nexus, number: session }) },
);

test('the pure functions and the naive ones agree over random programs', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (program) => {
      const naive = new NaiveReservations();
      let state = NO_RESERVATIONS;
      for (const each of program) {
        const outcome =
          'request' in each ? persistent(state, naive, each) : unit(state, naive, each);
        if ('next' in outcome) {
          compareChange(state, outcome.next);
          state = outcome.next;
        }
        compareState(state, naive);
        const read = decodeReservations(encodeReservations(state));
        assert.deepEqual(read, state);
      }
    }),
    { numRuns: runs },
  );
});

function persistent(
  state: Reservations,
  naive: NaiveReservations,
  { request, isKeyRight }: { readonly request: ReserveOutRequest; readonly isKeyRight: number },
): ReservationTransition | CommandResult {
  const known = state.registrations.get(request.nexus) ?? '0'.repeat(16);
  const asked = isKeyRight === 0 ? request : { ...request, key: known };
  const outcome = reserveOut(state, asked);
  const status = naive.reserveOut(asked);
  compareStatus(outcome, status);
  const event = 'event' in outcome ? outcome.event : { aborts: [], attentions: [] };
  const told = event.attentions.flatMap(({ condition, nexuses }) =>
    nexuses.map((each) => `${each} ${conditions[condition].sense?.code.toString(16)}`),
  );
  assert.deepEqual(new Set(told), naive.attentions);
  assert.equal(told.length, naive.attentions.size, 'each nexus hears of a condition once');
  assert.deepEqual(new Set(event.aborts), naive.aborts);
  return outcome;
}

function unit(
  state: Reservations,
  naive: NaiveReservations,
  { takes, ...who }: { readonly takes: boolean; readonly nexus: string; readonly number: number },
): ReservationTransition | CommandResult {
  const asking: NexusSession = { ...who, incarnation: 'one' };
  const outcome = takes ? reserveUnit(state, asking) : releaseUnit(state, asking);
  compareStatus(outcome, takes ? naive.reserveUnit(asking) : naive.releaseUnit(asking));
  return outcome;
}

function compareStatus(outcome: ReservationTransition | CommandResult, status: NaiveStatus): void {
  const ending: CommandResult = 'next' in outcome ? { status: Status.good } : outcome;
  const seen = ending.sense?.code ?? (ending.status === Status.good ? 'good' : 'conflict');
  assert.equal(seen, status);
}

/** Whoever has the state before is told the change alone. */
function compareChange(before: Reservations, next: Reservations): void {
  const text = JSON.stringify(reservationsChange(before, next));
  const changed = changedReservations(before, JSON.parse(text) as ReservationsChange);
  assert.deepEqual(changed, next);
  assert.deepEqual([...changed.registrations], [...next.registrations], 'in the same order');
}

function compareState(state: Reservations, naive: NaiveReservations): void {
  assert.deepEqual(
    [...state.registrations],
    naive.rows.map((row) => [row.nexus, row.key]),
  );
  assert.equal(state.persistent?.type ?? 0, naive.type);
  assert.equal(state.generation, naive.generation);
  assert.equal(state.aptpl, naive.aptpl);
  assert.deepEqual(state.reserve, naive.reserved);
  for (const each of nexuses) {
    for (const number of [1, 2]) {
      const asking = { nexus: each, incarnation: 'one', number: number };
      const restrictions = restrictionsOf(state, asking);
      const { reads, writes } = naive.access(asking);
      assert.equal((restrictions & CONFLICTS.read) === 0, reads, 'reads');
      assert.equal((restrictions & CONFLICTS.write) === 0, writes, 'writes');
    }
  }
}
