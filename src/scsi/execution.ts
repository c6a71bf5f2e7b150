import { assert } from '../base/assert.ts';
import type { VolumeResult } from '../volume/volume.ts';
import type { Abort, AbortedCommand } from './abort-settlement.ts';
import type { CommandCall, CommandNexus } from './command.ts';
import type { CommandRow } from './command-row.ts';
import type { Ending } from './ending.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { LogicalUnitNexus } from './logical-unit-nexus.ts';
import type { GatedCommand } from './medium-gate.ts';
import type { QueuedSteps } from './queued-steps.ts';
import type { Task, TaskOwner, TransportFault } from './task.ts';
import type { TaskSet } from './task-set.ts';

/** How an aborted command ends when nothing acts for it any more. */
export type AbortOutcome =
  /** No status: its initiator asked for the abort, or is gone. */
  | 'discard'
  /** TASK ABORTED: another initiator asked, and TAS is 1. */
  | 'taskAborted';

/** Who runs executions: the nexus. */
export interface ExecutionOwner extends CommandNexus {
  settled(execution: Execution, result: Ending | VolumeResult): void;
  /** The data that a command waited for, or room for it, is there. */
  dataReady(execution: Execution): void;
  /** The transport gives a command up. */
  fail(execution: Execution, reason: TransportFault): void;
  /** The medium has room for a command that waited for it. */
  admitted(execution: Execution): void;
  /** Takes an aborted command out of its task set before it has settled. */
  detach(execution: Execution): void;
  /** Time as commands age by it: see `Nexus.age`. Milliseconds. */
  readonly agedMs: number;
}

/**
 * One command in a task set: what its handler works with, and its place in the set. Used again, by
 * any nexus, so that a command costs no allocation of its own.
 */
export class Execution implements CommandCall, GatedCommand, AbortedCommand, TaskOwner {
  #nexus: ExecutionOwner | undefined = undefined;
  /** Bound once: what the volume's result calls. */
  readonly onSettled: (result: Ending | VolumeResult) => void;
  logicalUnit: LogicalUnit | undefined = undefined;
  set: TaskSet | undefined = undefined;
  next: Execution | undefined = undefined;
  previous: Execution | undefined = undefined;
  /** The next command in its bucket of the nexus's tags. */
  nextInBucket: Execution | undefined = undefined;
  /** Bytes to ask the initiator for, and to give it at most. */
  dataOut = 0;
  dataIn = 0;
  /** Its handler was called and has not settled: the volume may act for it. */
  running = false;
  /** When the medium got it, or its last step, by `ExecutionOwner.agedMs`. */
  startedMs = 0;
  steps: QueuedSteps | undefined = undefined;
  gate: GatedCommand['gate'] = 'outside';
  /** Out of its task set, though it has not settled. */
  detached = false;
  abortOutcome: AbortOutcome = 'discard';
  /** Ends when it leaves the task set. */
  abort: Abort | undefined = undefined;
  #task: Task | undefined = undefined;
  #command: CommandRow | undefined = undefined;
  #unit: LogicalUnitNexus | undefined = undefined;

  constructor() {
    this.onSettled = (result) => this.nexus.settled(this, result);
  }

  get nexus(): ExecutionOwner {
    assert(this.#nexus !== undefined, 'a command in progress has a nexus');
    return this.#nexus;
  }

  get task(): Task {
    assert(this.#task !== undefined, 'a command in progress has a task');
    return this.#task;
  }

  get command(): CommandRow {
    assert(this.#command !== undefined, 'a command in progress has a row in the table');
    return this.#command;
  }

  get unit(): LogicalUnitNexus {
    assert(this.#unit !== undefined, 'a command in progress has an I_T_L nexus');
    return this.#unit;
  }

  get mediumBytes(): number {
    return this.dataOut + this.dataIn;
  }

  get changesMedium(): boolean {
    return this.command.access === 'writeMedium';
  }

  get changesState(): boolean {
    return this.command.access === 'changeState';
  }

  get waitsOnly(): boolean {
    return this.command.access === 'none';
  }

  get isAborted(): boolean {
    return this.task.state === 'aborted';
  }

  detach(): void {
    this.nexus.detach(this);
  }

  dataOutArrived(): void {
    this.nexus.dataReady(this);
  }

  dataInGranted(): void {
    this.nexus.dataReady(this);
  }

  fail(reason: TransportFault): void {
    this.nexus.fail(this, reason);
  }

  passGate(): void {
    this.nexus.admitted(this);
  }

  progressed(): void {
    this.startedMs = this.nexus.agedMs;
  }

  /** Takes the execution into use. */
  assign(nexus: ExecutionOwner, task: Task, command: CommandRow, unit: LogicalUnitNexus): void {
    this.#nexus = nexus;
    this.#task = task;
    this.#command = command;
    this.#unit = unit;
    this.logicalUnit = unit.logicalUnit;
  }

  /** Makes it ready for reuse. */
  reset(): void {
    this.#nexus = undefined;
    this.#task = undefined;
    this.#command = undefined;
    this.#unit = undefined;
    this.logicalUnit = undefined;
    this.set = undefined;
    this.dataOut = 0;
    this.dataIn = 0;
    this.running = false;
    this.steps = undefined;
    this.detached = false;
    this.abortOutcome = 'discard';
    this.abort = undefined;
  }
}
