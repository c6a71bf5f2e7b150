// Registrations and reservations as each of some nexuses sees them.

import assert from 'node:assert/strict';
import {
  keysOf,
  RESERVATION_CONFLICT,
  readKeys,
  readReservation,
  reservationOf,
  write,
} from './commands.ts';
import type { Nexus } from './nexus.ts';

export const Type = {
  writeExclusive: 1,
  exclusiveAccess: 3,
  writeExclusiveRegistrantsOnly: 5,
  writeExclusiveAllRegistrants: 7,
} as const;

export interface Reservation {
  readonly key: number;
  readonly type: number;
}

/** Each of them reads these keys, in ascending order. */
export async function haveKeys(nexuses: readonly Nexus[], keys: readonly number[]): Promise<void> {
  for (const nexus of nexuses) {
    assert.deepEqual(keysOf(await nexus.must(readKeys())), keys, nexus.name);
  }
}

export async function haveReservation(
  nexuses: readonly Nexus[],
  reservation: Reservation | undefined,
): Promise<void> {
  for (const nexus of nexuses) {
    const data = await nexus.must(readReservation());
    assert.deepEqual(reservationOf(data), reservation, nexus.name);
  }
}

/** Of these nexuses the writers may write, and the others conflict. */
export async function onlyWrite(
  nexuses: readonly Nexus[],
  writers: readonly Nexus[],
): Promise<void> {
  for (const nexus of nexuses) {
    const status = writers.includes(nexus) ? 0 : RESERVATION_CONFLICT;
    assert.equal(await nexus.status(write()), status, nexus.name);
  }
}

/** A key for each of so many paths. */
export function repeated(key: number, paths: number): readonly number[] {
  return Array.from({ length: paths }, () => key);
}
