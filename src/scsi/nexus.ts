import type { Pending } from '../base/pending.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { Task } from './task.ts';

/**
 * A task management function, or a command whose change other gateways have not enforced, ends its
 * session after this (invariant I8). Whether it was performed is not known, so it is not refused.
 */
export const AGREEMENT_MAX_MS = 8_000;

/**
 * One I_T nexus as a transport sees it: where commands and task management functions go.
 * `DeviceServer.openNexus` makes one; a session owns one.
 */
export interface Nexus {
  /** Takes a command: checks, task set, execution. Never blocks; ends the task itself. */
  submit(task: Task): void;

  /**
   * Performs a task management function (SAM-5) and resolves with its service response. Tasks it
   * aborts are discarded, or ended with TASK ABORTED where TAS asks for it, before it resolves.
   */
  manage(request: TaskManagementRequest): Pending<TaskManagementResponse>;

  /** The LUN map changed: REPORTED LUNS DATA HAS CHANGED on what the initiator can reach. */
  updateLuns(luns: LunMap): void;

  /**
   * The session is about to end, and its initiator may go on through another nexus at once:
   * resolves when what it holds by RESERVE is released at every gateway. Undefined when it holds
   * nothing.
   */
  releaseReserves(): Promise<void> | undefined;

  /**
   * I_T nexus loss: aborts and discards every task; resolves when none of them can change a medium.
   */
  close(): Promise<void>;

  /**
   * `byMs` more have passed in which this gateway was at work. Returns for how long the oldest
   * commands have been with their medium since they began or made a step.
   */
  age(byMs: number): CommandAges;

  /** Commands in the task sets of this nexus. */
  readonly outstanding: number;
}

export interface CommandAges {
  /** Of any command, in milliseconds; 0 when there is none. */
  readonly runningMs: number;
  /** Of one that changes the medium. */
  readonly changingMs: number;
  /** Of one that changes what the gateways share: they have not agreed on it. */
  readonly agreeingMs: number;
}

/** LUN (a flat number, 0 to 16383) to logical unit, for one initiator at one target. */
export type LunMap = ReadonlyMap<number, LogicalUnit>;

/** ASYMMETRIC ACCESS STATE (SPC-4, REPORT TARGET PORT GROUPS). */
export type AccessState = 'activeOptimized' | 'unavailable' | 'transitioning';

/** A target port group of a target, as REPORT TARGET PORT GROUPS describes it. */
export interface PortGroup {
  readonly portGroup: number;
  readonly state: AccessState;
  readonly relativePortIdentifiers: readonly number[];
}

/** Task management functions of SAM-5, and the I_T nexus functions of RFC 7144. */
export type TaskManagementFunction =
  | 'abortTask'
  | 'abortTaskSet'
  | 'clearAca'
  | 'clearTaskSet'
  | 'logicalUnitReset'
  | 'targetWarmReset'
  | 'targetColdReset'
  | 'queryTask'
  | 'queryTaskSet'
  | 'iTNexusReset'
  | 'queryAsynchronousEvent';

export interface TaskManagementRequest {
  readonly function: TaskManagementFunction;
  /** As in `Task.lun`; ignored by functions on a target or nexus. */
  readonly lun: Uint8Array;
  /** The tag of the task in question, for abortTask and queryTask. */
  readonly referencedTag: number;
}

/**
 * SAM-5 service responses; `additional` carries the response information of QUERY functions. After
 * a delivery or target failure nobody knows whether the function was performed: its session ends.
 */
export type TaskManagementResponse =
  | { readonly response: 'functionComplete' }
  | { readonly response: 'functionSucceeded'; readonly additional?: Uint8Array }
  | { readonly response: 'functionRejected' }
  | { readonly response: 'serviceDeliveryOrTargetFailure' }
  | { readonly response: 'taskDoesNotExist' }
  | { readonly response: 'incorrectLogicalUnitNumber' };
