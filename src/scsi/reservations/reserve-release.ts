import type { CommandResult } from '../command-result.ts';
import { results } from '../sense-table.ts';
import {
  isHolder,
  isRegistrantsOnly,
  type NexusSession,
  type Reservations,
  type ReservationTransition,
  SILENT,
} from './reservations.ts';

/** RESERVE of SPC-2. */
export function reserveUnit(
  state: Reservations,
  asking: NexusSession,
): ReservationTransition | CommandResult {
  const beside = besidePersistent(state, asking);
  if (beside !== undefined) return beside;
  if (state.reserve === undefined) return { next: { ...state, reserve: asking }, event: SILENT };
  return isReservedBy(state, asking) ? results.good : results.reservationConflict;
}

/** RELEASE of SPC-2, which is good from every nexus and releases what its own has reserved. */
export function releaseUnit(
  state: Reservations,
  asking: NexusSession,
): ReservationTransition | CommandResult {
  return besidePersistent(state, asking) ?? reserveEnded(state, asking);
}

/** The session that asks is lost, or gives its reservation up: another nexus keeps its own. */
export function reserveEnded(
  state: Reservations,
  asking: NexusSession,
): ReservationTransition | CommandResult {
  return isReservedBy(state, asking) ? reserveReset(state) : results.good;
}

/** A logical unit reset ends the reservation of SPC-2, whoever holds it. */
export function reserveReset(state: Reservations): ReservationTransition {
  const next = state.reserve === undefined ? state : { ...state, reserve: undefined };
  return { next, event: SILENT };
}

export function isReservedBy({ reserve }: Reservations, asking: NexusSession): boolean {
  return (
    reserve !== undefined &&
    reserve.nexus === asking.nexus &&
    reserve.incarnation === asking.incarnation &&
    reserve.number === asking.number
  );
}

/**
 * Compatible reservation handling (CRH): beside a persistent reservation both commands are good and
 * change nothing for its holder, and for each registrant where registrants have access. Where any
 * nexus is registered they conflict for all others (SPC-2).
 */
function besidePersistent(state: Reservations, { nexus }: NexusSession): CommandResult | undefined {
  const { registrations, persistent } = state;
  if (registrations.size === 0) return undefined;
  const isShared = persistent !== undefined && isRegistrantsOnly(persistent.type);
  const isCompatible = isHolder(state, nexus) || (isShared && registrations.has(nexus));
  return isCompatible ? results.good : results.reservationConflict;
}
