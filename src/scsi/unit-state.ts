import type { CommandResult } from './command-result.ts';
import type { IdentifyingInformation } from './identifying-information.ts';
import type { ModeValues } from './mode-parameters.ts';
import type { NexusName } from './reservations/nexus-name.ts';
import type { Reservations } from './reservations/reservations.ts';
import { type ConditionName, conditions, results } from './sense-table.ts';

/**
 * The state that all gateways of a logical unit share, and its changes: the contract between the
 * device server, which knows what a change means, and `units/`, which knows how gateways agree.
 *
 * A change is a pure function of the state. Committing it makes an event: the new state, and what
 * the change does at every gateway. Every gateway applies events in one order, each in one turn,
 * and the command that asked is answered when the last gateway enforces its event.
 */

/** The shared state of one logical unit. A value: a change makes another. */
export interface SharedState {
  readonly identity: LogicalUnitIdentity;
  /** Capacity in logical blocks; the last LBA is one less. */
  readonly blocks: number;
  /** Bytes of a logical block, 512 or 4096; the same for ever. */
  readonly blockLengthBytes: number;
  /** The version of the document that described it last: an earlier one changes nothing. */
  readonly documentVersion: number;
  /** The document forbids writes. */
  readonly readOnly: boolean;
  readonly modes: ModeValues;
  readonly reservations: Reservations;
  readonly identifying: IdentifyingInformation;
}

/** The identity of a logical unit, the same through every path (I6). */
export interface LogicalUnitIdentity {
  /** The document's uuid of the disk; the same for ever. */
  readonly uuid: string;
  /** UNIT SERIAL NUMBER (VPD 80h), printable ASCII. */
  readonly serial: string;
  /** The NAA designator of VPD 83h: 8 or 16 bytes. */
  readonly naa: Uint8Array;
  /** T10 VENDOR IDENTIFICATION, at most 8 characters. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION, at most 16 characters. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL, at most 4 characters. */
  readonly revision: string;
}

/**
 * The effects of a change besides the new state, at every gateway. Plain data, so that it can be
 * sent.
 */
export interface UnitEvent {
  /** The nexuses whose commands it aborts, but never the command that asked. */
  readonly aborts: 'nothing' | 'everything' | readonly NexusName[];
  readonly attentions: readonly EventAttention[];
  /** The target whose sessions it ends. */
  readonly endsTarget?: string;
}

/**
 * A unit attention condition, for every I_T nexus, for all but the one that asked, for those of
 * them whose commands the event takes away without a status, or for these.
 */
export interface EventAttention {
  readonly condition: ConditionName;
  readonly nexuses: 'all' | 'others' | 'cleared' | readonly NexusName[];
}

export interface UnitTransition {
  readonly next: SharedState;
  readonly event: UnitEvent;
}

/**
 * A change, computed from the current state; computed again when another change was committed
 * first, so it depends on nothing else. A command result (not a transition) changes nothing.
 */
export type UnitChange = (current: SharedState) => UnitTransition | CommandResult;

/** On whose behalf a change is made: the command that asked, told apart from others by identity. */
export interface ChangeOrigin {
  /** The nexus that asked; told apart from others by its identity. */
  readonly nexus: object;
  /**
   * The command that asked was aborted, or its nexus lost: an uncommitted change must not be
   * committed.
   */
  readonly isAborted: boolean;
}

/** GOOD: the change is committed, and every gateway enforces it. */
export const COMMITTED: CommandResult = results.good;

/** BUSY: nothing is changed, because the gateways could not agree in time. */
export const NOT_COMMITTED: CommandResult = results.busy;

/**
 * ABORTED COMMAND: the change is committed, but this gateway cannot enforce it, because it can
 * neither drain nor fence its medium. Nothing is promised, and the gateway ends.
 */
export const NOT_ENFORCED: CommandResult = conditions.noAdditionalSenseInformation;

/** The shared state of one logical unit, as this gateway holds it. */
export interface UnitState {
  /** As of the last event that this gateway applied. */
  readonly current: SharedState;

  /**
   * Makes a change, and resolves with how its command ends: COMMITTED, NOT_COMMITTED, NOT_ENFORCED
   * or the result that the change itself gave. Never rejects.
   *
   * - A handler awaits it in `run`: its command is in the task set and ages. It may take long,
   *   because it ends only with the true outcome (the answer of a compare-and-set may be lost, or a
   *   gateway may be slow to enforce the event); a command that takes too long ends its session.
   * - `origin.isAborted` is read right before each attempt. A command that was aborted before
   *   changes nothing; one that was aborted later may have changed the state, and the abort is
   *   answered only after this has resolved.
   * - It stays pending, for a command, when this gateway is over and does not know the outcome: the
   *   session of the command ends, and no answer would be true.
   * - Without an origin (the document or the medium changed) no command can end BUSY: the change is
   *   attempted until it is committed.
   */
  commit(change: UnitChange, origin?: ChangeOrigin): Promise<CommandResult>;

  /**
   * Resolves with the state of the last event that was committed when this was called, or a later
   * one, once every gateway enforces it; undefined when that takes too long (BUSY). For commands
   * that report shared state which initiators rely on (PERSISTENT RESERVE IN).
   */
  latest(): Promise<SharedState | undefined>;

  /**
   * Goes up when a gateway begins to serve and no other does. State that must not outlive the last
   * gateway carries the life in which it was made, and reads as absent in a later one.
   */
  readonly life: number;

  /**
   * Whether that incarnation of a gateway is over, and with it the sessions that it had. If this
   * gateway does not know it yet, `UnitEventTarget.readAgain` follows when it does.
   */
  isLost(incarnation: string): boolean;

  /** Names the logical unit at which events take effect; one at a time. */
  attach(target: UnitEventTarget): void;

  /**
   * No nexus has commands of the logical unit in flight: this gateway no longer holds its state.
   */
  close(): void;
}

/** A logical unit as this gateway serves it: where events take effect. */
export interface UnitEventTarget {
  /**
   * Applies an event in this turn: after this returns, nothing that the new state forbids is
   * admitted or submitted. Resolves true when the commands that the event aborts can no longer
   * change the medium; false when that cannot be ensured.
   */
  apply(committed: CommittedEvent): Promise<boolean>;

  /** A life has begun, or an incarnation is over: the same state may read otherwise. */
  readAgain(): void;
}

export interface CommittedEvent {
  readonly state: SharedState;
  readonly event: UnitEvent;
  /** Undefined: no nexus asked, or a nexus of another gateway did. */
  readonly origin: ChangeOrigin | undefined;
}

/** The states that this gateway holds: one for each uuid of a disk, whatever serves it. */
export interface UnitStates {
  /**
   * Resolves when the state is loaded; `initial` becomes the first state of a unit without one.
   * Rejects when it cannot be loaded: the disk is then not served.
   */
  open(initial: SharedState): Promise<UnitState>;
}
