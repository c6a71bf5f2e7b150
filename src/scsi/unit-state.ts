import type { CommandResult } from './command-result.ts';
import type { ModeValues } from './mode-parameters.ts';
import type { Reservations } from './reservations/reservations.ts';
import { type ConditionName, conditions, results } from './sense-table.ts';

/**
 * What the gateways that serve a logical unit agree on, and how it changes: the contract between
 * the device server, which knows what a change means, and `units/`, which knows how to agree.
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
  /** The document forbids writes. */
  readonly readOnly: boolean;
  readonly modes: ModeValues;
  readonly reservations: Reservations;
}

/** What a logical unit is called, the same through every path (I6). */
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

/** What a change does beside the state, at every gateway. Plain data, so that it can travel. */
export interface UnitEvent {
  /** Aborted by it: nothing, or every command at the logical unit. */
  readonly aborts: 'nothing' | 'everything';
  readonly attentions: readonly EventAttention[];
}

/** A unit attention condition, for every I_T nexus or for all but the one that asked. */
export interface EventAttention {
  readonly condition: ConditionName;
  readonly nexuses: 'all' | 'others';
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

/** On whose behalf a change is made. */
export interface ChangeOrigin {
  /** The nexus that asked; told apart from others by its identity. */
  readonly nexus: object;
  /** The command that asked was aborted, or its nexus lost: what is not committed never will be. */
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
   * - A handler awaits it in `run`: its command is in the task set and ages. It takes as long as it
   *   takes to know the truth (the answer of a compare-and-set may be lost, or a gateway slow to
   *   enforce the event); a command that takes too long ends its session.
   * - `origin.isAborted` is read right before each attempt. A command that was aborted before
   *   changes nothing; one that was aborted later may have changed the state, and whoever aborted
   *   it is answered only after this has resolved.
   * - Without an origin (the document or the medium changed) nobody can be told BUSY: the change is
   *   attempted until it is committed.
   */
  commit(change: UnitChange, origin?: ChangeOrigin): Promise<CommandResult>;

  /** Names the logical unit at which events take effect; one at a time. */
  attach(target: UnitEventTarget): void;

  /** No nexus has anything of the logical unit in flight: this gateway no longer holds its state. */
  close(): void;
}

/** A logical unit as this gateway serves it: where events take effect. */
export interface UnitEventTarget {
  /**
   * Takes an event over in this turn: nothing that the new state forbids is admitted or submitted
   * after this has returned. Resolves true when nothing that the event ends can change the medium
   * any more; false when that cannot be reached.
   */
  apply(committed: CommittedEvent): Promise<boolean>;
}

export interface CommittedEvent {
  readonly state: SharedState;
  readonly event: UnitEvent;
  /** Undefined: nobody asked, or another gateway did. */
  readonly nexus: object | undefined;
}

/** The states that this gateway holds, by the uuid of the disk: one each, whatever serves it. */
export interface UnitStates {
  /**
   * Resolves when the state is loaded; `initial` is what a unit that has none yet begins with.
   * Rejects when it cannot be loaded: the disk is then not served.
   */
  open(initial: SharedState): Promise<UnitState>;
}
