import type { CommandResult } from '../command-result.ts';
import {
  atParameter,
  conditions,
  invalidInCdb,
  invalidInParameterList,
  results,
} from '../sense-table.ts';
import {
  PersistentReserveOutCdb,
  RegisterAndMoveList,
} from '../standard/persistent-reservations.ts';
import { isSameInitiatorPort } from './nexus-name.ts';
import { fitsRecord } from './record-size.ts';
import {
  isHolder,
  NO_KEY,
  nextGeneration,
  type Reservations,
  type ReservationTransition,
  SILENT,
  withoutRegistrations,
} from './reservations.ts';
import type { RegisterAndMoveRequest } from './reserve-out-request.ts';

/** REGISTER AND MOVE: the holder registers another nexus, which then holds the reservation. */
export function registerAndMove(
  state: Reservations,
  request: RegisterAndMoveRequest,
): ReservationTransition | CommandResult {
  const { nexus, newKey, destination, unregisters, aptpl } = request;
  const { persistent } = state;
  if (persistent === undefined) return invalidInCdb(PersistentReserveOutCdb.serviceAction);
  // A reservation that all registrants hold cannot be moved to one of them.
  if (persistent.holder === undefined) return results.reservationConflict;
  if (!isHolder(state, nexus)) return results.reservationConflict;
  if (newKey === NO_KEY) {
    return invalidInParameterList(RegisterAndMoveList.serviceActionReservationKey);
  }
  if (isSameInitiatorPort(nexus, destination)) {
    return atParameter(conditions.invalidFieldInParameterList, RegisterAndMoveList.$.length);
  }
  const moved = {
    ...state,
    registrations: new Map(state.registrations).set(destination, newKey),
    persistent: { ...persistent, holder: destination },
    generation: nextGeneration(state),
    aptpl,
  };
  const next = unregisters ? withoutRegistrations(moved, [nexus]) : moved;
  if (!fitsRecord(next)) return conditions.insufficientRegistrationResources;
  return { next, event: SILENT };
}
