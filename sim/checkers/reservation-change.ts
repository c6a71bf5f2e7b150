import type { NexusSession } from '../../src/scsi/reservations/reservations.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';
import type { NaiveReservations, NaiveStatus } from '../../test/support/naive-reservations.ts';

/** What changes the reservations of a logical unit. */
export type ReservationChange =
  | ReserveOutRequest
  /** RESERVE and RELEASE; and the end of a session, at whatever moment its gateway finds it. */
  | {
      readonly action: 'reserveUnit' | 'releaseUnit' | 'endSession';
      readonly session: NexusSession;
    }
  /** Of the logical unit, or of its target. */
  | { readonly action: 'reset' };

/** What PERSISTENT RESERVE IN reads, by service action. */
export type ReservationReading = 'keys' | 'reservation' | 'fullStatus';

/** A registration as READ FULL STATUS describes it. */
export interface RegistrationText {
  readonly nexus: string;
  readonly key: string;
  readonly holds: boolean;
}

const ALL_REGISTRANTS = [7, 8];
const NO_KEY = '0'.repeat(16);

/** Makes the change, in place; what was told before is not told again. */
export function changeNaive(state: NaiveReservations, change: ReservationChange): NaiveStatus {
  state.attentions = new Set();
  switch (change.action) {
    case 'reserveUnit':
      return state.reserveUnit(change.session);
    case 'releaseUnit':
      return state.releaseUnit(change.session);
    case 'endSession':
      if (isReservedBy(state, change.session)) state.reserved = undefined;
      return 'good';
    case 'reset':
      state.reserved = undefined;
      return 'good';
    default:
      return state.reserveOut(change);
  }
}

export function isReservedBy({ reserved }: NaiveReservations, session: NexusSession): boolean {
  return reserved?.nexus === session.nexus && reserved.number === session.number;
}

/** What a reading shows of a state. */
export function readingOf(state: NaiveReservations, reading: ReservationReading): string {
  const { generation, type, rows } = state;
  switch (reading) {
    case 'keys':
      return keysText(
        generation,
        rows.map(({ key }) => key),
      );
    case 'reservation': {
      const holder = rows.find(({ holds }) => holds);
      const key = ALL_REGISTRANTS.includes(type) ? NO_KEY : (holder?.key ?? NO_KEY);
      return reservationText(generation, type === 0 ? undefined : { key, type });
    }
    case 'fullStatus':
      return fullStatusText(generation, type, rows);
  }
}

export function keysText(generation: number, keys: readonly string[]): string {
  return `${generation}: ${keys.toSorted().join()}`;
}

export function reservationText(
  generation: number,
  held: { readonly key: string; readonly type: number } | undefined,
): string {
  return `${generation}: ${held === undefined ? 'none' : `${held.type} of ${held.key}`}`;
}

export function fullStatusText(
  generation: number,
  type: number,
  registrations: readonly RegistrationText[],
): string {
  const each = registrations.map(({ nexus, key, holds }) => `${nexus} ${key} ${holds}`);
  return `${generation}: ${type} ${each.sort().join()}`;
}
