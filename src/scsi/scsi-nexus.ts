import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { FreeList } from '../base/free-list.ts';
import type { Pending } from '../base/pending.ts';
import { whenSettled } from '../base/pending.ts';
import type { VolumeResult } from '../volume/volume.ts';
import { Abort, outlastAborts } from './abort-settlement.ts';
import { admit, checkState, fitsExpected, refuseUnknown } from './admission.ts';
import type { Command } from './command.ts';
import type { CommandRow } from './command-row.ts';
import type { CommandTable } from './command-table.ts';
import { endTask } from './end-task.ts';
import type { Ending } from './ending.ts';
import type { AbortOutcome, Execution, ExecutionOwner } from './execution.ts';
import { MEDIUM_SLOW_MS, READ_STEP_BYTES } from './limits.ts';
import type { AbortCause, LogicalUnit, LogicalUnitListener } from './logical-unit.ts';
import { LogicalUnitNexus } from './logical-unit-nexus.ts';
import { decodeLun } from './lun.ts';
import type {
  CommandAges,
  LunMap,
  Nexus,
  NexusIdentity,
  PortGroup,
  TaskManagementRequest,
  TaskManagementResponse,
} from './nexus.ts';
import { overlappedCommand } from './overlapped-command.ts';
import { conditions, endings } from './sense-table.ts';
import { Status } from './status.ts';
import type { StepQueue } from './step-queue.ts';
import { TagIndex } from './tag-index.ts';
import type { Task, TransportFault } from './task.ts';
import { TaskAttribute } from './task.ts';
import { manage } from './task-management.ts';
import { transportFaults } from './transport-fault.ts';
import { endingOf } from './volume-fault.ts';

/** What a nexus takes from its device server. */
export interface NexusSurroundings {
  readonly clock: Clock;
  readonly table: CommandTable;
  readonly steps: StepQueue;
  readonly taskSetDepthMax: number;
  /** Executions that are not in use. */
  readonly executions: FreeList<Execution>;
  portGroups(deviceName: string): readonly PortGroup[];
}

/** One I_T nexus: takes commands from their arrival to their status. */
export class ScsiNexus implements Nexus, ExecutionOwner, LogicalUnitListener {
  readonly identity: NexusIdentity;
  readonly #surroundings: NexusSurroundings;
  /** For LUNs without a logical unit. */
  readonly #absent = new LogicalUnitNexus(undefined);
  #units = new Map<number, LogicalUnitNexus>();
  /** Of LUNs that left the map: commands of theirs are still with the medium. */
  readonly #left = new Set<LogicalUnitNexus>();
  #luns: readonly number[] = [];
  readonly #tags = new TagIndex();
  #outstanding = 0;
  #agedMs = 0;
  #closing: Promise<void> | undefined = undefined;

  constructor(identity: NexusIdentity, luns: LunMap, surroundings: NexusSurroundings) {
    this.identity = identity;
    this.#surroundings = surroundings;
    for (const [lun, logicalUnit] of luns) this.#units.set(lun, this.#join(logicalUnit));
    this.#luns = ascending(luns);
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  get luns(): readonly number[] {
    return this.#luns;
  }

  get portGroups(): readonly PortGroup[] {
    return this.#surroundings.portGroups(this.identity.targetPort.deviceName);
  }

  get commands(): readonly Command[] {
    return this.#surroundings.table.commands;
  }

  get clock(): Clock {
    return this.#surroundings.clock;
  }

  get steps(): StepQueue {
    return this.#surroundings.steps;
  }

  get agedMs(): number {
    return this.#agedMs;
  }

  /** One for each LUN in the map. */
  get units(): Iterable<LogicalUnitNexus> {
    return this.#units.values();
  }

  /** The logical unit that a LUN field names, if there is one. */
  unitAt(lun: Uint8Array): LogicalUnitNexus | undefined {
    return this.#units.get(decodeLun(lun));
  }

  submit(task: Task): void {
    task.transferLength = 0;
    const unit = this.#units.get(decodeLun(task.lun)) ?? this.#absent;
    const other = this.#tags.find(task.tag);
    if (this.#closing !== undefined) {
      task.discard();
      return;
    }
    if (other !== undefined) {
      this.#overlap(task, unit, other);
      return;
    }
    const command = this.#surroundings.table.find(task.cdb);
    const refusal = this.#refusal(task, command, unit);
    if (refusal !== undefined) {
      endTask(task, refusal, unit.logicalUnit, 0);
    } else {
      assert(command !== undefined, 'a command that is admitted has a row in the table');
      this.#accept(task, command, unit);
    }
  }

  dataReady(execution: Execution): void {
    if (!execution.running && execution.task.state === 'enabled') this.#run(execution);
  }

  fail(execution: Execution, reason: TransportFault): void {
    if (!execution.running) this.#conclude(execution, transportFaults[reason]);
  }

  manage(request: TaskManagementRequest): Pending<TaskManagementResponse> {
    return manage(this, request);
  }

  updateLuns(luns: LunMap): void {
    if (this.#closing !== undefined) return;
    const before = this.#units;
    const after = new Map<number, LogicalUnitNexus>();
    for (const [lun, logicalUnit] of luns) {
      const known = before.get(lun);
      const same = known?.logicalUnit === logicalUnit;
      after.set(lun, same && known !== undefined ? known : this.#join(logicalUnit));
    }
    this.#units = after;
    this.#luns = ascending(luns);
    let changed = after.size !== before.size;
    for (const [lun, unit] of before) {
      if (after.get(lun) === unit) continue;
      changed = true;
      this.#leave(unit);
    }
    if (!changed) return;
    for (const unit of after.values()) {
      unit.attentions.establish(conditions.reportedLunsDataHasChanged);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  age(byMs: number): CommandAges {
    this.#agedMs += byMs;
    let oldestMs = this.#agedMs;
    let oldestChangeMs = this.#agedMs;
    for (const { tasks } of [...this.#units.values(), ...this.#left]) {
      for (let at = tasks.first; at !== undefined; at = at.next) {
        if (!at.running) continue;
        const isWaiting = at.steps?.isWaiting === true;
        // A command that waits is stuck only if those before it are.
        if (isWaiting && at.steps?.takeProgressOfOthers() === true) at.progressed();
        oldestMs = Math.min(oldestMs, at.startedMs);
        if (isWaiting) continue;
        if (this.#agedMs - at.startedMs >= MEDIUM_SLOW_MS) this.#letOthers(at);
        if (at.command.access !== 'writeMedium') continue;
        oldestChangeMs = Math.min(oldestChangeMs, at.startedMs);
      }
    }
    return { runningMs: this.#agedMs - oldestMs, changingMs: this.#agedMs - oldestChangeMs };
  }

  takeUnitAttention(logicalUnit: LogicalUnit): Ending | undefined {
    return this.#unitOf(logicalUnit)?.attentions.take();
  }

  establish(logicalUnit: LogicalUnit, condition: Ending): void {
    for (const unit of this.#units.values()) {
      if (unit.logicalUnit === logicalUnit) unit.attentions.establish(condition);
    }
  }

  abortCommands(logicalUnit: LogicalUnit, cause: AbortCause): readonly Abort[] {
    const outcome = cause === 'otherNexus' && logicalUnit.modes.tas ? 'taskAborted' : 'discard';
    return [...this.#units.values(), ...this.#left].flatMap((unit) =>
      unit.logicalUnit === logicalUnit ? this.abortAll(unit, outcome) : [],
    );
  }

  /** Aborts what is in a task set; returns those that are with the medium. */
  abortAll(unit: LogicalUnitNexus, outcome: AbortOutcome): Abort[] {
    unit.tasks.held = true;
    const aborts = unit.tasks.list().flatMap((each) => this.abort(each, outcome) ?? []);
    unit.tasks.held = false;
    this.#startOthers(unit);
    return aborts;
  }

  /** Aborts one command; undefined: at once, for it is not with the medium. */
  abort(execution: Execution, outcome: AbortOutcome): Abort | undefined {
    if (!execution.running) {
      this.#concludeAborted(execution, outcome);
      return undefined;
    }
    if (execution.command.settlesWhenAborted !== true) {
      execution.task.state = 'aborted';
      execution.abortOutcome = outcome;
      execution.steps?.drop();
    }
    execution.abort ??= new Abort(execution);
    return execution.abort;
  }

  /** What the medium is slow with keeps nobody else away from it. */
  #letOthers(execution: Execution): void {
    if (execution.gate === 'inside') execution.logicalUnit?.gate.leave(execution);
    if (execution.steps !== undefined) this.steps.letOthers(execution.steps);
  }

  admitted(execution: Execution): void {
    const refusal = checkState(execution.command, execution.logicalUnit);
    if (refusal === undefined) {
      this.#submit(execution);
      return;
    }
    execution.logicalUnit?.gate.leave(execution);
    this.#conclude(execution, refusal);
  }

  detach(execution: Execution): void {
    const { task, unit, abort } = execution;
    execution.detached = true;
    this.#letOthers(execution);
    // Its handler makes no further step; only the medium's buffers are still its own.
    task.state = 'aborted';
    const startOthers = this.#takeOut(execution);
    execution.abort = undefined;
    abort?.end();
    if (startOthers) this.#startOthers(unit);
  }

  /** The volume, or whatever else a handler waited for, is done with a command. */
  settled(execution: Execution, result: Ending | VolumeResult): void {
    execution.running = false;
    if (execution.gate === 'inside') execution.logicalUnit?.gate.leave(execution);
    if (execution.detached) {
      this.#concludeDetached(execution);
    } else if (execution.task.state === 'aborted') {
      this.#concludeAborted(execution, execution.abortOutcome);
    } else {
      if (result.status === 'noSpace') execution.unit.logicalUnit?.onNoSpace?.();
      this.#conclude(execution, endingOf(result));
    }
  }

  /** What keeps a command out before its own checks. */
  #refusal(
    task: Task,
    command: CommandRow | undefined,
    unit: LogicalUnitNexus,
  ): Ending | undefined {
    const { table, taskSetDepthMax } = this.#surroundings;
    if (this.#outstanding >= taskSetDepthMax) return endings.taskSetFull;
    if (task.attribute === TaskAttribute.aca) return conditions.invalidMessageError;
    if (command !== undefined) return admit(command, task, unit.logicalUnit, unit.attentions);
    // SPC puts LOGICAL UNIT NOT SUPPORTED before INVALID OPERATION CODE.
    if (unit.logicalUnit === undefined) return conditions.logicalUnitNotSupported;
    return unit.attentions.take() ?? refuseUnknown(table, task.cdb);
  }

  /**
   * Ends a command whose tag another one has: their initiator could not tell the answers apart. As
   * SAM demands, the commands in its task set are aborted, and the overlapped one says so.
   */
  #overlap(task: Task, unit: LogicalUnitNexus, other: Execution): void {
    // Even a COMPARE AND WRITE is silent: its status would be taken for that of the second.
    if (other.running) other.task.state = 'aborted';
    const units = new Set([other.unit, unit]);
    const aborts = [...units].flatMap((each) => this.abortAll(each, 'discard'));
    // It starts at once, and nothing but the end of the aborts ends it.
    task.attribute = TaskAttribute.headOfQueue;
    this.#accept(task, overlappedCommand(this.clock, aborts), unit);
  }

  /** Puts a command into its task set, and starts it if it may. */
  #accept(task: Task, command: CommandRow, unit: LogicalUnitNexus): void {
    const execution = this.#surroundings.executions.take();
    execution.assign(this, task, command, unit);
    const plan = command.plan(execution);
    if ('status' in plan) {
      this.#release(execution);
      endTask(task, plan, unit.logicalUnit, 0);
      return;
    }
    task.returnsData = plan.dataIn > 0;
    if (!fitsExpected(command, plan, task)) {
      this.#release(execution);
      // Data of the wrong direction is an underflow, too little of the right one an overflow.
      const isWrongWay = task.dataInExpected > 0 && task.dataOutExpected === 0;
      task.transferLength = isWrongWay ? 0 : plan.dataOut;
      endTask(task, conditions.invalidFieldInCommandInformationUnit, unit.logicalUnit, 0);
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
      task.state = 'dormant';
      task.retainDataOut();
    }
  }

  #start(execution: Execution): void {
    const { task, dataOut, dataIn, command } = execution;
    task.state = 'enabled';
    if (dataOut > 0 && !task.requestDataOut(dataOut)) return;
    // Parameter data is short, whatever the ALLOCATION LENGTH says.
    const reads = dataIn > 0 && command.access === 'readMedium';
    if (reads && !task.requestDataIn(dataIn)) return;
    this.#run(execution);
  }

  #run(execution: Execution): void {
    const { command } = execution;
    const refusal = checkState(command, execution.logicalUnit);
    if (refusal !== undefined) {
      this.#conclude(execution, refusal);
      return;
    }
    const { gate } = execution.logicalUnit ?? {};
    const isInSteps = command.worksInSteps === true || execution.dataIn > READ_STEP_BYTES;
    const isGated = gate !== undefined && !isInSteps && command.usesMedium;
    if (!isGated || gate.enter(execution)) this.#submit(execution);
  }

  #submit(execution: Execution): void {
    execution.running = true;
    execution.startedMs = this.#agedMs;
    whenSettled(execution.command.run(execution), execution.onSettled);
  }

  #conclude(execution: Execution, ending: Ending): void {
    const { task, unit, dataIn, command } = execution;
    if (ending.status === Status.good && command.operationCode === REPORT_LUNS) {
      for (const other of this.#units.values()) {
        other.attentions.clear(conditions.reportedLunsDataHasChanged);
      }
    }
    const startOthers = this.#remove(execution);
    endTask(task, ending, unit.logicalUnit, dataIn);
    if (startOthers) this.#startOthers(unit);
  }

  #concludeAborted(execution: Execution, outcome: AbortOutcome): void {
    const { task, unit } = execution;
    const startOthers = this.#remove(execution);
    if (outcome === 'taskAborted') endTask(task, endings.taskAborted, unit.logicalUnit, 0);
    else task.discard();
    if (startOthers) this.#startOthers(unit);
  }

  #concludeDetached(execution: Execution): void {
    const { task, unit, abortOutcome } = execution;
    this.#free(execution);
    if (abortOutcome === 'taskAborted') endTask(task, endings.taskAborted, unit.logicalUnit, 0);
    else task.discard();
  }

  #startOthers(unit: LogicalUnitNexus): void {
    for (;;) {
      const next = unit.tasks.nextToStart();
      if (next === undefined) return;
      this.#start(next);
    }
  }

  /** Takes a command out of its task set; true when others may be able to start because of it. */
  #remove(execution: Execution): boolean {
    const { abort } = execution;
    const startOthers = this.#takeOut(execution);
    this.#free(execution);
    abort?.end();
    return startOthers;
  }

  #takeOut(execution: Execution): boolean {
    const { unit } = execution;
    if (execution.gate === 'waits') unit.logicalUnit?.gate.withdraw(execution);
    this.#tags.remove(execution);
    const startOthers = unit.tasks.remove(execution);
    if (this.#left.size > 0 && unit.tasks.length === 0 && this.#left.delete(unit)) {
      this.#part(unit);
    }
    return startOthers;
  }

  /** Nothing acts for it any more: what it holds can be used again. */
  #free(execution: Execution): void {
    const { task } = execution;
    task.state = 'idle';
    task.owner = undefined;
    this.#outstanding--;
    this.#release(execution);
  }

  #release(execution: Execution): void {
    execution.reset();
    this.#surroundings.executions.put(execution);
  }

  #unitOf(logicalUnit: LogicalUnit): LogicalUnitNexus | undefined {
    for (const unit of this.#units.values()) {
      if (unit.logicalUnit === logicalUnit) return unit;
    }
    return undefined;
  }

  #join(logicalUnit: LogicalUnit): LogicalUnitNexus {
    const unit = new LogicalUnitNexus(logicalUnit);
    unit.attentions.establish(conditions.powerOnResetOrBusDeviceResetOccurred);
    logicalUnit.nexuses.add(this);
    return unit;
  }

  /** A LUN left the map: its commands that have not begun end, those that have finish. */
  #leave(unit: LogicalUnitNexus): void {
    unit.tasks.held = true;
    for (const execution of unit.tasks.list()) {
      if (!execution.running) this.#conclude(execution, conditions.logicalUnitNotSupported);
    }
    unit.tasks.held = false;
    if (unit.tasks.length > 0) this.#left.add(unit);
    else this.#part(unit);
  }

  /** The logical unit need not know this nexus any more, unless through another LUN. */
  #part({ logicalUnit }: LogicalUnitNexus): void {
    const stays = [...this.#units.values(), ...this.#left].some(
      (other) => other.logicalUnit === logicalUnit,
    );
    if (!stays) logicalUnit?.nexuses.delete(this);
  }

  async #close(): Promise<void> {
    const units = [...this.#units.values(), ...this.#left, this.#absent];
    const aborts = units.flatMap((unit) => this.abortAll(unit, 'discard'));
    await outlastAborts(this.clock, aborts);
    // Not before: a reset by another nexus waits for what this one has with the medium.
    for (const { logicalUnit } of units) logicalUnit?.nexuses.delete(this);
  }
}

const REPORT_LUNS = 0xa0;

function ascending(luns: LunMap): readonly number[] {
  return [...luns.keys()].sort((a, b) => a - b);
}
