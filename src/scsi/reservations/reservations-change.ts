import type { NexusName } from './nexus-name.ts';
import { fitsRecord } from './record-size.ts';
import { reservationsOfText, reservationsText } from './record-text.ts';
import { NO_RESERVATIONS, type ReservationKey, type Reservations } from './reservations.ts';

/**
 * What an event changes of the reservations, for those that have the state before it: a few
 * registrations of thousands. Both texts are encoded as records are, so they are checked as such.
 */
export interface ReservationsChange {
  /** The state after the event with only those registrations that it makes, or gives a new key. */
  readonly after: string;
  /** A state of nothing but the registrations that the event takes away; absent: it takes none. */
  readonly removed?: string;
}

type Registrations = ReadonlyMap<NexusName, ReservationKey>;

/**
 * Every change sets and deletes keys of a copy of the registrations, so their order follows from
 * the order before it.
 */
export function reservationsChange(before: Reservations, after: Reservations): ReservationsChange {
  const removed = differing(before.registrations, (nexus) => !after.registrations.has(nexus));
  const made = differing(
    after.registrations,
    (nexus, key) => before.registrations.get(nexus) !== key,
  );
  // The encoding of a reservation names its holder by the place of the registration.
  const holder = after.persistent?.holder ?? after.registrations.keys().next().value;
  if (after.persistent !== undefined && holder !== undefined && !made.has(holder)) {
    made.set(holder, after.registrations.get(holder)!);
  }
  const text = reservationsText({ ...after, registrations: made });
  if (removed.size === 0) return { after: text };
  return { after: text, removed: reservationsText({ ...NO_RESERVATIONS, registrations: removed }) };
}

/** The state after the event. Throws an `Error` with a reason in words. */
export function changedReservations(
  before: Reservations,
  { after, removed }: ReservationsChange,
): Reservations {
  const changed = reservationsOfText(after);
  const registrations = new Map(before.registrations);
  if (removed !== undefined) {
    for (const nexus of reservationsOfText(removed).registrations.keys()) {
      if (!registrations.delete(nexus)) throw new Error('reservations: a nexus is not registered');
    }
  }
  for (const [nexus, key] of changed.registrations) registrations.set(nexus, key);
  const next = { ...changed, registrations };
  if (!fitsRecord(next)) throw new Error('reservations: there are more than fit');
  return next;
}

function differing(
  registrations: Registrations,
  isMeant: (nexus: NexusName, key: ReservationKey) => boolean,
): Map<NexusName, ReservationKey> {
  const found = new Map<NexusName, ReservationKey>();
  for (const [nexus, key] of registrations) if (isMeant(nexus, key)) found.set(nexus, key);
  return found;
}
