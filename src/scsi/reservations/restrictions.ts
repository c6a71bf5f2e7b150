import type { NexusName } from './nexus-name.ts';
import {
  isAllRegistrants,
  isHolder,
  isRegistrantsOnly,
  type NexusSession,
  type Reservations,
  ReservationType,
} from './reservations.ts';
import { isReservedBy } from './reserve-release.ts';

/** What reservations keep a nexus from: one number, computed when they change. */
export type Restrictions = number;

const Restriction = {
  /** A write exclusive reservation that leaves this nexus out. */
  writeExclusive: 1 << 0,
  /** An exclusive access reservation that leaves this nexus out. */
  exclusiveAccess: 1 << 1,
  /** Another nexus holds the unit by RESERVE (SPC-2). */
  reservedByOther: 1 << 2,
  /** Some nexus holds the unit by RESERVE, maybe this one. */
  reserved: 1 << 3,
} as const;

export const UNRESTRICTED: Restrictions = 0;

/**
 * What a command is to reservations: a column of the command table. `allowed`: no reservation keeps
 * a nexus from it, or the command decides itself. `status`: only RESERVE of another nexus does.
 * `read` and `write`: as reading and writing the medium. `persistentReserve`: any RESERVE does.
 */
export type ReservationClass = 'allowed' | 'status' | 'read' | 'write' | 'persistentReserve';

const { writeExclusive, exclusiveAccess, reservedByOther, reserved } = Restriction;

/** The restrictions with which a command of the class conflicts. */
export const CONFLICTS: Readonly<Record<ReservationClass, Restrictions>> = {
  allowed: UNRESTRICTED,
  status: reservedByOther,
  read: exclusiveAccess | reservedByOther,
  write: writeExclusive | exclusiveAccess | reservedByOther,
  persistentReserve: reserved,
};

/** Whether the reservations keep the nexus of this session from commands of the class. */
export function isForbidden(
  state: Reservations,
  asking: NexusSession,
  reservationClass: ReservationClass,
): boolean {
  return (restrictionsOf(state, asking) & CONFLICTS[reservationClass]) !== UNRESTRICTED;
}

/** What the reservations keep the nexus of this session from. */
export function restrictionsOf(state: Reservations, asking: NexusSession): Restrictions {
  return persistentRestriction(state, asking.nexus) | reserveRestriction(state, asking);
}

function persistentRestriction(state: Reservations, nexus: NexusName): Restrictions {
  const { persistent, registrations } = state;
  if (persistent === undefined) return UNRESTRICTED;
  const { type } = persistent;
  const isForRegistrants = isRegistrantsOnly(type) || isAllRegistrants(type);
  const hasAccess = isForRegistrants ? registrations.has(nexus) : isHolder(state, nexus);
  if (hasAccess) return UNRESTRICTED;
  return isWriteExclusive(type) ? Restriction.writeExclusive : Restriction.exclusiveAccess;
}

function reserveRestriction(state: Reservations, asking: NexusSession): Restrictions {
  if (state.reserve === undefined) return UNRESTRICTED;
  return isReservedBy(state, asking) ? reserved : reserved | reservedByOther;
}

function isWriteExclusive(type: ReservationType): boolean {
  return (
    type === ReservationType.writeExclusive ||
    type === ReservationType.writeExclusiveRegistrantsOnly ||
    type === ReservationType.writeExclusiveAllRegistrants
  );
}
