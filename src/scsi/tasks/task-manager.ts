import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { FreeList } from '../../base/free-list.ts';
import { whenSettled } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import type { CommandCall, CommandNexus, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { CommandRow } from '../command-row.ts';
import { READ_STEP_BYTES } from '../limits.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { LogicalUnitNexus } from '../logical-unit-nexus.ts';
import type { CommandAges } from '../nexus.ts';
import { conditions, results } from '../sense-table.ts';
import { QueueErrorManagement } from '../standard/mode.ts';
import { Status } from '../status.ts';
import type { Task, TransportFault } from '../task.ts';
import { Abort, awaitAborts } from './abort-settlement.ts';
import { checkStart, fitsExpected, isForbidden, refusalsFromMemory } from './admission.ts';
import { ageCommands } from './command-ages.ts';
import type { CommandCompletion } from './command-completion.ts';
import { Execution, type ExecutionOwner } from './execution.ts';
import { lateResult } from './late-result.ts';
import type { LeaseWait } from './lease-wait.ts';
import { refusedCommand } from './refused-command.ts';
import { TagIndex } from './tag-index.ts';
import { type AbortEvent, TaskEvent, TaskState } from './task-life.ts';
import type { TaskSet } from './task-set.ts';
import { transportFaults } from './transport-fault.ts';
import { commandResultOf } from './volume-fault.ts';

// The compiler folds what it reads through constants of this module; an import is loaded each time.
const Events = TaskEvent;
const States = TaskState;

const NO_ABORTS: readonly Abort[] = [];

/** Takes the commands of one I_T nexus through their life, whose table is `taskLife`. */
export class TaskManager implements ExecutionOwner {
  readonly nexus: CommandNexus;
  readonly #clock: Clock;
  readonly #executions: FreeList<Execution>;
  readonly #completion: CommandCompletion;
  readonly #leaseWait: LeaseWait;
  readonly #tags = new TagIndex();
  #outstanding = 0;
  #agedMs = 0;

  constructor(
    nexus: CommandNexus,
    clock: Clock,
    executions: FreeList<Execution>,
    completion: CommandCompletion,
    leaseWait: LeaseWait,
  ) {
    this.nexus = nexus;
    this.#clock = clock;
    this.#executions = executions;
    this.#completion = completion;
    this.#leaseWait = leaseWait;
  }

  /** Commands that hold memory: those in task sets, and those that are detached. */
  get outstanding(): number {
    return this.#outstanding;
  }

  get agedMs(): number {
    return this.#agedMs;
  }

  /** The command that owns a tag. */
  find(tag: number): Execution | undefined {
    return this.#tags.find(tag);
  }

  /** Takes a command into its task set, and starts it if it may. */
  accept(task: Task, command: CommandRow, unit: LogicalUnitNexus): void {
    const execution = this.#executions.take();
    execution.assign(this, task, command, unit);
    const plan = command.plan(execution);
    if ('status' in plan || !fits(task, command, plan)) {
      this.#release(execution);
      const result = 'status' in plan ? plan : conditions.invalidFieldInCommandInformationUnit;
      this.refuse(task, command, result, unit);
      return;
    }
    execution.dataOut = Math.min(plan.dataOut, task.dataOutExpected);
    execution.dataIn = Math.min(plan.dataIn, task.dataInExpected);
    task.transferLength = plan.dataOut + plan.dataIn;
    task.owner = execution;
    this.#tags.add(execution);
    this.#outstanding++;
    if (unit.tasks.add(execution)) {
      this.#start(execution);
    } else {
      execution.move(Events.wait);
      task.retainDataOut();
    }
  }

  /**
   * Ends a command that was not taken: at once, unless the reason may be true no longer, or QERR
   * aborts others.
   */
  refuse(
    task: Task,
    command: CommandRow | undefined,
    refusal: CommandResult,
    unit: LogicalUnitNexus,
  ): void {
    const { logicalUnit, tasks } = unit;
    if (this.#isOutdated(refusal)) {
      this.accept(task, refusedCommand(refusal), unit);
      return;
    }
    const aborts = this.#abortAfter(refusal, task, logicalUnit, tasks);
    if (aborts.length === 0) {
      this.#completion.complete(task, command, refusal, logicalUnit, 0, 0);
      return;
    }
    // It starts at once, and only the end of the aborts ends it.
    task.attribute = 'headOfQueue';
    this.accept(task, lateResult(command?.name, this.#clock, aborts, refusal), unit);
  }

  dataReady(execution: Execution): void {
    assert(execution.state === States.awaitingData, 'data is ready for a command that waits');
    this.#proceed(execution);
  }

  fail(execution: Execution, reason: TransportFault): void {
    if (execution.isRunning) {
      execution.move(Events.fail);
      return;
    }
    const { task, logicalUnit, set } = execution;
    const result = transportFaults[reason];
    // It does not wait for the aborts: data of it may still come, and it must be over by then.
    this.#end(execution, Events.fail, result);
    this.#abortAfter(result, task, logicalUnit, set);
  }

  admitted(execution: Execution): void {
    const { command, logicalUnit } = execution;
    const refusal = checkStart(command, execution, logicalUnit);
    if (refusal === undefined) {
      this.#run(execution);
      return;
    }
    logicalUnit?.gate.leave(execution);
    this.#refuseStart(execution, refusal);
  }

  settled(execution: Execution, result: CommandResult | VolumeResult): void {
    const { logicalUnit } = execution;
    // That may start other commands, and their ends may abort this one.
    if (execution.gate === 'inside') logicalUnit?.gate.leave(execution);
    if (result.status === 'noSpace' && execution.state <= States.settling) {
      logicalUnit?.onNoSpace?.();
    }
    const ended = commandResultOf(result);
    const isError = ended.status === Status.checkCondition && execution.state < States.settling;
    const aborts = isError
      ? this.#abortAfter(ended, execution.task, logicalUnit, execution.set, execution)
      : NO_ABORTS;
    if (aborts.length === 0) this.#finish(execution, ended);
    else this.#finishAfter(aborts, execution, ended);
  }

  #finishAfter(aborts: readonly Abort[], execution: Execution, result: CommandResult): void {
    void awaitAborts(this.#clock, aborts).then(() => this.#finish(execution, result));
  }

  /** Its handler is done. It may have been aborted. */
  #finish(execution: Execution, result: CommandResult): void {
    switch (execution.state) {
      case States.running:
      case States.uninterruptible:
      case States.settling:
        this.#end(execution, Events.settle, result);
        break;
      case States.aborting:
      case States.detachedAborting:
        this.#end(execution, Events.settle, results.taskAborted);
        break;
      default:
        this.#end(execution, Events.settle, undefined);
    }
  }

  detach(execution: Execution): void {
    const { set, abort, state } = execution;
    // What is only forbidden leaves its task set by itself, when its volume tells its end.
    if (state < States.settling) return;
    assert(abort !== undefined, 'a command is detached only after its abort');
    this.#yieldTurn(execution);
    // Its handler makes no further step; it only keeps the buffers that the medium uses.
    execution.move(Events.detach);
    const startOthers = this.#takeOut(execution);
    execution.abort = undefined;
    abort.end();
    if (startOthers) this.#startOthers(set);
  }

  /**
   * Aborts one command, and what works for it. Returns the aborts of those whose handlers were
   * called; others are over.
   */
  abort(execution: Execution, event: AbortEvent): Abort[] {
    if (!execution.isRunning) {
      const result = event === Events.abort ? results.taskAborted : undefined;
      this.#end(execution, event, result);
      return [];
    }
    execution.move(event);
    if (execution.isAborted) execution.steps?.drop();
    execution.abort ??= new Abort(execution);
    const { abort, companions = [] } = execution;
    return [abort, ...companions.flatMap((task) => this.#abortCompanion(task))];
  }

  /** Starts a command of the device server's own, which lasts no longer than `call`. */
  accompany(call: CommandCall, task: Task, command: CommandRow, unit: LogicalUnitNexus): void {
    assert(call instanceof Execution, 'a call is an execution');
    this.accept(task, command, unit);
    call.companions ??= [];
    call.companions.push(task);
  }

  /**
   * Aborts what is in a task set but `exempt`; returns the aborts of commands whose handlers were
   * called.
   */
  abortAll(tasks: TaskSet<Execution>, event: AbortEvent, exempt?: object): Abort[] {
    tasks.held = true;
    const aborts = tasks
      .list()
      .filter((each) => each !== exempt)
      .flatMap((each) => this.abort(each, event));
    tasks.held = false;
    this.#startOthers(tasks);
    return aborts;
  }

  /**
   * Commands of a task set that a reservation forbids from now on: they submit nothing more, and
   * end with RESERVATION CONFLICT if they have submitted nothing. Returns the drains of those that
   * the medium has, which end as they end.
   */
  forbid(tasks: TaskSet<Execution>): Abort[] {
    return tasks.list().flatMap((each) => {
      if (!each.isRunning || !isForbidden(each.command, each.restrictions, each.task)) return [];
      each.steps?.refuse(results.reservationConflict);
      if (!each.changesMedium) return [];
      each.abort ??= new Abort(each);
      return each.abort;
    });
  }

  /**
   * Aborts a command whose tag came a second time, and all in its task set and in that of the
   * second. Even a COMPARE AND WRITE returns no status: it would be taken for that of the second.
   */
  overlap(execution: Execution, tasksOfSecond: TaskSet<Execution>): Abort[] {
    const { set } = execution;
    assert(set !== undefined, 'a command that owns its tag is in a task set');
    if (execution.isRunning) execution.move(Events.silence);
    const sets = new Set([set, tasksOfSecond]);
    return [...sets].flatMap((each) => this.abortAll(each, Events.discard));
  }

  /** A LUN left the map: commands whose handlers were not called end, the others finish. */
  leave(tasks: TaskSet<Execution>): void {
    tasks.held = true;
    for (const execution of tasks.list()) {
      if (execution.isRunning) execution.move(Events.leave);
      else this.#end(execution, Events.leave, conditions.logicalUnitNotSupported);
    }
    tasks.held = false;
    this.#startOthers(tasks);
  }

  /** This gateway may answer from memory again: commands of these task sets that waited go on. */
  leaseRenewed(sets: readonly TaskSet<Execution>[]): void {
    for (const set of sets) {
      for (const execution of set.list()) {
        if (execution.set !== set || execution.state !== States.awaitingLease) continue;
        execution.move(Events.start);
        this.#proceed(execution);
      }
    }
  }

  /** See `Nexus.age`. */
  age(sets: readonly TaskSet<Execution>[], byMs: number): CommandAges {
    assert(byMs >= 0, 'commands do not grow younger');
    this.#agedMs += byMs;
    return ageCommands(sets, this.#agedMs, (execution) => this.#yieldTurn(execution));
  }

  /** Nothing is left to abort of one that is over, or was taken out of its task set by an abort. */
  #abortCompanion({ owner }: Task): Abort[] {
    if (owner === undefined) return [];
    assert(owner instanceof Execution, 'a command in progress is owned by its execution');
    return owner.set === undefined ? [] : this.abort(owner, Events.discard);
  }

  #start(execution: Execution): void {
    const { task, dataOut, dataIn, command } = execution;
    execution.move(Events.start);
    if (dataOut > 0 && !task.requestDataOut(dataOut)) return;
    // Parameter data is short, whatever the ALLOCATION LENGTH says.
    const reads = dataIn > 0 && command.access === 'readMedium';
    if (reads && !task.requestDataIn(dataIn)) return;
    this.#proceed(execution);
  }

  #proceed(execution: Execution): void {
    const { command, logicalUnit } = execution;
    const refusal = checkStart(command, execution, logicalUnit);
    if (refusal !== undefined) {
      this.#refuseStart(execution, refusal);
      return;
    }
    if (!command.usesMedium && this.#leaseWait.isDue) {
      this.#awaitLease(execution);
      return;
    }
    const isInSteps = command.worksInSteps === true || execution.dataIn > READ_STEP_BYTES;
    const isGated = logicalUnit !== undefined && !isInSteps && command.usesMedium;
    if (!isGated || logicalUnit.gate.enter(execution)) this.#run(execution);
    else execution.move(Events.awaitMedium);
  }

  /** The state of its logical unit forbids a command before its handler is called. */
  #refuseStart(execution: Execution, refusal: CommandResult): void {
    if (this.#isOutdated(refusal)) {
      this.#awaitLease(execution);
      return;
    }
    const { task, logicalUnit, set } = execution;
    const aborts = this.#abortAfter(refusal, task, logicalUnit, set, execution);
    if (aborts.length === 0) {
      this.#end(execution, Events.refuse, refusal);
      return;
    }
    execution.move(Events.run);
    execution.startedMs = this.#agedMs;
    this.#finishAfter(aborts, execution, refusal);
  }

  /** The refusal is by shared state that may be another by now. */
  #isOutdated(refusal: CommandResult): boolean {
    return refusalsFromMemory.has(refusal) && this.#leaseWait.isDue;
  }

  #awaitLease(execution: Execution): void {
    execution.move(Events.awaitLease);
    execution.startedMs = this.#agedMs;
    this.#leaseWait.begin();
  }

  /**
   * QERR: a command ends with CHECK CONDITION, and the others of its nexus at the logical unit are
   * aborted. Returns the aborts that its status waits for: its initiator may repeat what was
   * aborted, and an older write must not land on a newer one. The initiator is not told how a
   * participant in a copy ends.
   */
  #abortAfter(
    { status }: CommandResult,
    { attribute }: Task,
    logicalUnit: LogicalUnit | undefined,
    tasks: TaskSet<Execution> | undefined,
    ended?: Execution,
  ): readonly Abort[] {
    if (status !== Status.checkCondition || tasks === undefined) return NO_ABORTS;
    if (attribute === 'participant') return NO_ABORTS;
    const qerr = logicalUnit?.modes.qerr ?? QueueErrorManagement.continue;
    if (qerr === QueueErrorManagement.continue) return NO_ABORTS;
    const aborts = this.abortAll(tasks, Events.discard, ended);
    return aborts.filter(({ changesMedium, changesState }) => changesMedium || changesState);
  }

  #run(execution: Execution): void {
    const { command } = execution;
    const isTrueStatusDue = command.settlesWhenAborted === true;
    execution.move(isTrueStatusDue ? Events.runUninterruptible : Events.run);
    execution.startedMs = this.#agedMs;
    whenSettled(command.run(execution), execution.onSettled);
  }

  /** Every command ends here. Its result goes out, or nothing does. */
  #end(execution: Execution, event: TaskEvent, result: CommandResult | undefined): void {
    const { task, command, set, abort, logicalUnit, dataIn, dataOut } = execution;
    const startOthers = set !== undefined && this.#takeOut(execution);
    execution.move(event);
    task.owner = undefined;
    assert(this.#outstanding > 0, 'a command that ends was counted');
    this.#outstanding--;
    this.#release(execution);
    abort?.end();
    this.#completion.complete(task, command, result, logicalUnit, dataIn, dataOut);
    if (startOthers) this.#startOthers(set);
  }

  /** Takes a command out of its task set; true when others may be able to start because of it. */
  #takeOut(execution: Execution): boolean {
    const { set, logicalUnit } = execution;
    assert(set !== undefined, 'a command is taken out of the task set that it is in');
    if (execution.gate === 'waits') logicalUnit?.gate.withdraw(execution);
    this.#tags.remove(execution);
    return set.remove(execution);
  }

  #startOthers(tasks: TaskSet<Execution> | undefined): void {
    for (;;) {
      const next = tasks?.nextToStart();
      if (next === undefined) return;
      this.#start(next);
    }
  }

  /** Other commands need not wait for one that the medium is slow with. */
  #yieldTurn(execution: Execution): void {
    if (execution.gate === 'inside') execution.logicalUnit?.gate.leave(execution);
    if (execution.steps !== undefined) this.nexus.steps.yieldTurn(execution.steps);
  }

  /** No handler and no medium works on it: its execution and its memory can be reused. */
  #release(execution: Execution): void {
    execution.reset();
    this.#executions.put(execution);
  }
}

/** Whether the initiator offers and takes data as the command needs them; notes the residual. */
function fits(task: Task, command: CommandRow, plan: Plan): boolean {
  task.returnsData = plan.dataIn > 0;
  if (fitsExpected(command, plan, task)) return true;
  // Data of the wrong direction is an underflow, too little of the right one an overflow.
  const isWrongWay = task.dataInExpected > 0 && task.dataOutExpected === 0;
  task.transferLength = isWrongWay ? 0 : plan.dataOut;
  return false;
}
