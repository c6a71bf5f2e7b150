import type { CommandResult } from '../command-result.ts';
import { conditions, invalidInParameterList, results } from '../sense-table.ts';
import { ReserveOutList } from '../standard/persistent-reservations.ts';
import type { NexusName } from './nexus-name.ts';
import { fitsRecord } from './record-size.ts';
import {
  isRegistrantsOnly,
  NO_KEY,
  nextGeneration,
  type ReservationAttention,
  type Reservations,
  type ReservationTransition,
  registeredBut,
  SILENT,
  withoutRegistrations,
} from './reservations.ts';
import type { RegisterRequest } from './reserve-out-request.ts';

/**
 * REGISTER and REGISTER AND IGNORE EXISTING KEY. The key that is given is compared with that of the
 * nexus that asks alone; the nexuses of SPEC_I_PT and ALL_TG_PT get the new key whatever theirs is.
 */
export function register(
  state: Reservations,
  request: RegisterRequest,
): ReservationTransition | CommandResult {
  const { nexus, key, newKey } = request;
  const registered = state.registrations.get(nexus);
  const isAnyKey = request.action === 'registerAndIgnoreExistingKey';
  if (!isAnyKey && key !== (registered ?? NO_KEY)) return results.reservationConflict;
  if (registered !== undefined && request.namesInitiatorPorts) {
    return invalidInParameterList(ReserveOutList.specIPt);
  }
  if (newKey !== NO_KEY) {
    if (request.namesTooMany) return conditions.insufficientRegistrationResources;
    return registerAll(state, request);
  }
  return registered === undefined ? results.good : unregister(state, request);
}

function registerAll(
  state: Reservations,
  { nexus, others, newKey, aptpl }: RegisterRequest,
): ReservationTransition | CommandResult {
  const registrations = new Map(state.registrations);
  for (const each of [nexus, ...others]) registrations.set(each, newKey);
  const next = { ...state, registrations, aptpl, generation: nextGeneration(state) };
  if (!fitsRecord(next)) return conditions.insufficientRegistrationResources;
  return { next, event: SILENT };
}

/** `others` are those of ALL_TG_PT, because SPEC_I_PT is refused to a registered nexus. */
function unregister(
  state: Reservations,
  { nexus, others, aptpl }: RegisterRequest,
): ReservationTransition {
  const remaining = withoutRegistrations(state, [nexus, ...others]);
  const next = { ...remaining, aptpl, generation: nextGeneration(state) };
  return { next, event: { aborts: [], attentions: releaseOf(state, next, nexus) } };
}

/** Registrants lose a reservation of a registrants only type with its holder: they are told. */
function releaseOf(
  before: Reservations,
  after: Reservations,
  nexus: NexusName,
): ReservationAttention[] {
  const type = before.persistent?.type;
  const isReleased = type !== undefined && after.persistent === undefined;
  if (!isReleased || !isRegistrantsOnly(type)) return [];
  return [{ condition: 'reservationsReleased', nexuses: registeredBut(after, nexus) }];
}
