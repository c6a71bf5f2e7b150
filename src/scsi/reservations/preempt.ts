import type { CommandResult } from '../command-result.ts';
import { invalidInParameterList, results } from '../sense-table.ts';
import { ReserveOutList } from '../standard/persistent-reservations.ts';
import type { NexusName } from './nexus-name.ts';
import {
  NO_KEY,
  nextGeneration,
  type ReservationAttention,
  type ReservationKey,
  type Reservations,
  type ReservationTransition,
  registeredBut,
  withoutRegistrations,
} from './reservations.ts';
import { persistentReservation } from './reserve.ts';
import type { PreemptRequest } from './reserve-out-request.ts';

/**
 * PREEMPT and PREEMPT AND ABORT. A key that names the holder of the reservation takes the
 * reservation over; any other takes registrations away. Key 0 names every holder of a reservation
 * that all registrants hold.
 */
export function preempt(
  state: Reservations,
  request: PreemptRequest,
): ReservationTransition | CommandResult {
  const { victimKey } = request;
  const { persistent } = state;
  const isHeldByAll = persistent !== undefined && persistent.holder === undefined;
  if (victimKey === NO_KEY) {
    if (isHeldByAll) return preemptReservation(state, request, [...state.registrations.keys()]);
    return invalidInParameterList(ReserveOutList.serviceActionReservationKey);
  }
  const victims = registeredWith(state, victimKey);
  if (victims.length === 0) return results.reservationConflict;
  const holder = persistent?.holder;
  const namesHolder = holder !== undefined && state.registrations.get(holder) === victimKey;
  if (namesHolder) return preemptReservation(state, request, victims);
  return removeRegistrations(state, request, victims);
}

/** The nexus that asks keeps its registration, and holds the reservation that it asks for. */
function preemptReservation(
  state: Reservations,
  request: PreemptRequest,
  victims: readonly NexusName[],
): ReservationTransition | CommandResult {
  const { nexus, scope, type } = request;
  const persistent = persistentReservation(nexus, scope, type);
  if ('status' in persistent) return persistent;
  const removed = victims.filter((each) => each !== nexus);
  const next = {
    ...withoutRegistrations(state, removed),
    persistent,
    generation: nextGeneration(state),
  };
  const attentions = preempted(removed);
  if (type !== state.persistent?.type) {
    attentions.push({ condition: 'reservationsReleased', nexuses: registeredBut(next, nexus) });
  }
  return { next, event: { aborts: abortsOf(request, victims), attentions } };
}

/** SCOPE and TYPE mean nothing; the nexus that asks may take its own registration away. */
function removeRegistrations(
  state: Reservations,
  request: PreemptRequest,
  victims: readonly NexusName[],
): ReservationTransition {
  const next = { ...withoutRegistrations(state, victims), generation: nextGeneration(state) };
  const attentions = preempted(victims.filter((each) => each !== request.nexus));
  return { next, event: { aborts: abortsOf(request, victims), attentions } };
}

function preempted(nexuses: readonly NexusName[]): ReservationAttention[] {
  return [{ condition: 'registrationsPreempted', nexuses }];
}

/** Commands of the nexus that asks are among them if it has that key, but never this one. */
function abortsOf({ action }: PreemptRequest, victims: readonly NexusName[]): readonly NexusName[] {
  return action === 'preemptAndAbort' ? victims : [];
}

function registeredWith({ registrations }: Reservations, key: ReservationKey): NexusName[] {
  return [...registrations].filter(([, each]) => each === key).map(([nexus]) => nexus);
}
