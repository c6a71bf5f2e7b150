import type { NexusName } from './nexus-name.ts';

/** TYPE of a persistent reservation (SPC-4). */
export const ReservationType = {
  writeExclusive: 0x1,
  exclusiveAccess: 0x3,
  writeExclusiveRegistrantsOnly: 0x5,
  exclusiveAccessRegistrantsOnly: 0x6,
  writeExclusiveAllRegistrants: 0x7,
  exclusiveAccessAllRegistrants: 0x8,
} as const;
export type ReservationType = (typeof ReservationType)[keyof typeof ReservationType];

/** A reservation key: its eight bytes as 16 hex digits, because it is an identity, not a number. */
export type ReservationKey = string;

/** No registration has this key. */
export const NO_KEY: ReservationKey = '0'.repeat(16);

/** Registrations that a logical unit has room for. */
export const REGISTRATIONS_MAX = 4_096;

/** What initiators have reserved of one logical unit. A value: a change makes another. */
export interface Reservations {
  /** The life of the cluster in which the state was last brought up to date. */
  readonly life: number;
  /** PRGENERATION. */
  readonly generation: number;
  /** The last APTPL: registrations and persistent reservation outlast the last gateway. */
  readonly aptpl: boolean;
  /** In the order in which their nexuses registered. */
  readonly registrations: ReadonlyMap<NexusName, ReservationKey>;
  readonly persistent: PersistentReservation | undefined;
  /** The nexus that holds the unit by RESERVE (SPC-2). */
  readonly reserve: NexusSession | undefined;
}

/** A persistent reservation. Its scope is the logical unit: there is no other. */
export interface PersistentReservation {
  readonly type: ReservationType;
  /** Undefined: every registered nexus holds it. */
  readonly holder: NexusName | undefined;
}

/**
 * A nexus of one session: another session of the same two ports does not inherit the reservation,
 * and it reads as released when the incarnation of its gateway is fenced.
 */
export interface NexusSession {
  readonly nexus: NexusName;
  /** Of the gateway. */
  readonly incarnation: string;
  /** Of the session, in that incarnation. */
  readonly number: number;
}

/** What a change of the reservations does at every gateway, beside the new state. */
interface ReservationEvent {
  /** Nexuses whose commands are aborted. */
  readonly aborts: readonly NexusName[];
  readonly attentions: readonly ReservationAttention[];
}

export interface ReservationAttention {
  readonly condition: 'reservationsPreempted' | 'reservationsReleased' | 'registrationsPreempted';
  /** Never the nexus that asked. */
  readonly nexuses: readonly NexusName[];
}

export interface ReservationTransition {
  readonly next: Reservations;
  readonly event: ReservationEvent;
}

export const SILENT: ReservationEvent = { aborts: [], attentions: [] };

export const NO_RESERVATIONS: Reservations = {
  life: 0,
  generation: 0,
  aptpl: false,
  registrations: new Map(),
  persistent: undefined,
  reserve: undefined,
};

export function isReservationType(type: number): type is ReservationType {
  return (Object.values(ReservationType) as number[]).includes(type);
}

/** Every registered nexus holds a reservation of this type. */
export function isAllRegistrants(type: ReservationType): boolean {
  return (
    type === ReservationType.writeExclusiveAllRegistrants ||
    type === ReservationType.exclusiveAccessAllRegistrants
  );
}

export function isRegistrantsOnly(type: ReservationType): boolean {
  return (
    type === ReservationType.writeExclusiveRegistrantsOnly ||
    type === ReservationType.exclusiveAccessRegistrantsOnly
  );
}

export function isHolder({ registrations, persistent }: Reservations, nexus: NexusName): boolean {
  if (persistent === undefined || !registrations.has(nexus)) return false;
  return persistent.holder === undefined || persistent.holder === nexus;
}

/** The registered nexuses but `except`. */
export function registeredBut({ registrations }: Reservations, except: NexusName): NexusName[] {
  return [...registrations.keys()].filter((nexus) => nexus !== except);
}

/** Takes registrations away, and with its holder, or the last of its holders, the reservation. */
export function withoutRegistrations(
  state: Reservations,
  nexuses: readonly NexusName[],
): Reservations {
  const registrations = new Map(state.registrations);
  for (const nexus of nexuses) registrations.delete(nexus);
  const { persistent } = state;
  const holder = persistent?.holder;
  const isHeld = holder === undefined ? registrations.size > 0 : registrations.has(holder);
  return { ...state, registrations, persistent: isHeld ? persistent : undefined };
}

/** PRGENERATION counts changes of registrations, in 32 bits. */
export function nextGeneration({ generation }: Reservations): number {
  return (generation + 1) >>> 0;
}
