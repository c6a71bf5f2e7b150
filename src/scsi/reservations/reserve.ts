import type { CommandResult } from '../command-result.ts';
import { conditions, invalidInCdb, results } from '../sense-table.ts';
import { LU_SCOPE, PersistentReserveOutCdb } from '../standard/persistent-reservations.ts';
import type { NexusName } from './nexus-name.ts';
import {
  isAllRegistrants,
  isHolder,
  isRegistrantsOnly,
  isReservationType,
  nextGeneration,
  type PersistentReservation,
  type Reservations,
  type ReservationTransition,
  registeredBut,
  SILENT,
} from './reservations.ts';
import type { ClearRequest, ReserveRequest } from './reserve-out-request.ts';

/** RESERVE: who holds the reservation may ask for it again, but not for another one. */
export function reserve(
  state: Reservations,
  { nexus, scope, type }: ReserveRequest,
): ReservationTransition | CommandResult {
  const { persistent } = state;
  const asked = persistentReservation(nexus, scope, type);
  if ('status' in asked) return asked;
  if (persistent === undefined) return { next: { ...state, persistent: asked }, event: SILENT };
  const isSame = isHolder(state, nexus) && persistent.type === type;
  return isSame ? results.good : results.reservationConflict;
}

/** The reservation that a CDB asks for. */
export function persistentReservation(
  nexus: NexusName,
  scope: number,
  type: number,
): PersistentReservation | CommandResult {
  if (scope !== LU_SCOPE) return invalidInCdb(PersistentReserveOutCdb.scope);
  if (!isReservationType(type)) return invalidInCdb(PersistentReserveOutCdb.type);
  return { type, holder: isAllRegistrants(type) ? undefined : nexus };
}

/** RELEASE: from a registered nexus that holds nothing it is good, and changes nothing. */
export function release(
  state: Reservations,
  { nexus, scope, type }: ReserveRequest,
): ReservationTransition | CommandResult {
  const { persistent } = state;
  if (persistent === undefined || !isHolder(state, nexus)) return results.good;
  if (scope !== LU_SCOPE || type !== persistent.type) {
    return conditions.invalidReleaseOfPersistentReservation;
  }
  const next = { ...state, persistent: undefined };
  const isShared = isRegistrantsOnly(persistent.type) || isAllRegistrants(persistent.type);
  if (!isShared) return { next, event: SILENT };
  const nexuses = registeredBut(state, nexus);
  const attentions = [{ condition: 'reservationsReleased', nexuses } as const];
  return { next, event: { aborts: [], attentions } };
}

/** CLEAR: no registration is left. */
export function clear(state: Reservations, { nexus }: ClearRequest): ReservationTransition {
  const nexuses = registeredBut(state, nexus);
  const attentions = [{ condition: 'reservationsPreempted', nexuses } as const];
  const generation = nextGeneration(state);
  const next = { ...state, generation, registrations: new Map(), persistent: undefined };
  return { next, event: { aborts: [], attentions } };
}
