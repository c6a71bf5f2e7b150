import { assert } from '../../base/assert.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import type { CommandCall, CommandNexus } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { CommandRow } from '../command-row.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { type Restrictions, UNRESTRICTED } from '../reservations/restrictions.ts';
import type { Task, TaskOwner, TransportFault } from '../task.ts';
import type { Abort, AbortedCommand } from './abort-settlement.ts';
import type { GatedCommand } from './medium-gate.ts';
import type { QueuedSteps } from './queued-steps.ts';
import { nextState, type TaskEvent, TaskState } from './task-life.ts';
import type { TaskSet, TaskSetMember } from './task-set.ts';

// The compiler folds what it reads through constants of this module; an import is loaded each time.
const States = TaskState;

/** A nexus at the logical unit that a command addresses. */
interface NexusAtUnit {
  readonly logicalUnit: LogicalUnit | undefined;
  readonly restrictions: Restrictions;
}

/** The task manager of a nexus, as its executions see it: it moves them from state to state. */
export interface ExecutionOwner {
  readonly nexus: CommandNexus;
  /** The clock by which commands age, in milliseconds: see `Nexus.age`. */
  readonly agedMs: number;
  /** The data that a command waited for has arrived, or memory for it is granted. */
  dataReady(execution: Execution): void;
  /** The transport gives a command up. */
  fail(execution: Execution, reason: TransportFault): void;
  /** The medium has room for a command that waited for room. */
  admitted(execution: Execution): void;
  settled(execution: Execution, result: CommandResult | VolumeResult): void;
  /** Takes an aborted command out of its task set before it has settled. */
  detach(execution: Execution): void;
}

/**
 * One command from its arrival to its end: its state, its place in the task set, and the arguments
 * of its handler. Reused by any nexus, so that a command costs no allocation of its own.
 */
export class Execution
  implements CommandCall, GatedCommand, AbortedCommand, TaskOwner, TaskSetMember<Execution>
{
  /** Written by `move` alone. */
  state: TaskState = States.idle;
  #owner: ExecutionOwner | undefined = undefined;
  /** Called with the volume's result; bound once. */
  readonly onSettled: (result: CommandResult | VolumeResult) => void;
  logicalUnit: LogicalUnit | undefined = undefined;
  /** Its nexus at that logical unit. */
  #unit: NexusAtUnit | undefined = undefined;
  set: TaskSet<Execution> | undefined = undefined;
  next: Execution | undefined = undefined;
  previous: Execution | undefined = undefined;
  /** The next command in its bucket of the nexus's tags. */
  nextInBucket: Execution | undefined = undefined;
  /** Bytes to ask the initiator for, and the most to return to it. */
  dataOut = 0;
  dataIn = 0;
  /** When the medium received it, or its last step, by `ExecutionOwner.agedMs`. */
  startedMs = 0;
  steps: QueuedSteps | undefined = undefined;
  /** Commands of the device server's own that work for it, if any. */
  companions: Task[] | undefined = undefined;
  gate: GatedCommand['gate'] = 'outside';
  /** Ends when it leaves the task set. */
  abort: Abort | undefined = undefined;
  #task: Task | undefined = undefined;
  #command: CommandRow | undefined = undefined;

  constructor() {
    this.onSettled = (result) => this.owner.settled(this, result);
  }

  /** Every change of state happens here, by the table of a task's life. */
  move(event: TaskEvent): void {
    this.state = nextState(this.state, event);
  }

  /** Its handler was called and has not settled: the volume may act for it. */
  get isRunning(): boolean {
    return this.state >= States.running;
  }

  get isAborted(): boolean {
    return this.state >= States.aborting;
  }

  get owner(): ExecutionOwner {
    assert(this.#owner !== undefined, 'a command in progress has an owner');
    return this.#owner;
  }

  get nexus(): CommandNexus {
    return this.owner.nexus;
  }

  get task(): Task {
    assert(this.#task !== undefined, 'a command in progress has a task');
    return this.#task;
  }

  get command(): CommandRow {
    assert(this.#command !== undefined, 'a command in progress has a row in the table');
    return this.#command;
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

  dataOutArrived(): void {
    this.owner.dataReady(this);
  }

  dataInGranted(): void {
    this.owner.dataReady(this);
  }

  fail(reason: TransportFault): void {
    this.owner.fail(this, reason);
  }

  passGate(): void {
    this.owner.admitted(this);
  }

  detach(): void {
    this.owner.detach(this);
  }

  /** What reservations keep its nexus from. */
  get restrictions(): Restrictions {
    return this.#unit === undefined ? UNRESTRICTED : this.#unit.restrictions;
  }

  progressed(): void {
    this.startedMs = this.owner.agedMs;
  }

  /** Takes the execution into use. */
  assign(owner: ExecutionOwner, task: Task, command: CommandRow, unit: NexusAtUnit): void {
    this.#owner = owner;
    this.#task = task;
    this.#command = command;
    this.#unit = unit;
    this.logicalUnit = unit.logicalUnit;
  }

  /** Makes it ready for reuse. */
  reset(): void {
    assert(this.state === States.idle, 'what a command holds is free only after its end');
    assert(this.gate === 'outside', 'a command that ended has left the gate of its medium');
    this.#owner = undefined;
    this.#task = undefined;
    this.#command = undefined;
    this.#unit = undefined;
    this.logicalUnit = undefined;
    this.dataOut = 0;
    this.dataIn = 0;
    this.steps = undefined;
    this.companions = undefined;
    this.abort = undefined;
  }
}
