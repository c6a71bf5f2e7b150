import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Pending } from '../base/pending.ts';
import type { Command, CommandCall, CommandNexus } from './command.ts';
import type { CommandResult } from './command-result.ts';
import { toRow } from './command-row.ts';
import type { CopyManager } from './copy/copy-manager.ts';
import type { CopyResults } from './copy/copy-results.ts';
import { EchoBuffer } from './echo-buffer.ts';
import type { AbortCause, LogicalUnit } from './logical-unit.ts';
import { LogicalUnitNexus } from './logical-unit-nexus.ts';
import { LunInventory } from './lun-inventory.ts';
import type {
  CommandAges,
  LunMap,
  Nexus,
  PortGroup,
  TaskManagementRequest,
  TaskManagementResponse,
} from './nexus.ts';
import type { NexusContext } from './nexus-context.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import { nexusName } from './reservations/nexus-name.ts';
import type { NexusSession } from './reservations/reservations.ts';
import type { Restrictions } from './reservations/restrictions.ts';
import { conditions, results } from './sense-table.ts';
import type { Task } from './task.ts';
import { type Abort, awaitAborts } from './tasks/abort-settlement.ts';
import { refusalOf } from './tasks/admission.ts';
import { CommandCompletion } from './tasks/command-completion.ts';
import type { Execution } from './tasks/execution.ts';
import { LeaseWait } from './tasks/lease-wait.ts';
import { overlappedCommand } from './tasks/overlapped-command.ts';
import type { StepQueue } from './tasks/step-queue.ts';
import { TaskEvent, TaskState } from './tasks/task-life.ts';
import { type ManagedNexus, manage } from './tasks/task-management.ts';
import { TaskManager } from './tasks/task-manager.ts';

/**
 * One I_T nexus: it admits commands and hands them to its task manager, and the logical units of
 * its LUN map reach it here.
 */
export class ScsiNexus implements Nexus, CommandNexus, ManagedNexus {
  readonly identity: NexusIdentity;
  readonly session: NexusSession;
  readonly echoBuffer = new EchoBuffer();
  readonly #context: NexusContext;
  readonly #tasks: TaskManager;
  readonly #inventory: LunInventory;
  /** For LUNs without a logical unit. */
  readonly #absent = new LogicalUnitNexus(undefined);
  #closing: Promise<void> | undefined = undefined;

  constructor(identity: NexusIdentity, sessionNumber: number, luns: LunMap, context: NexusContext) {
    this.identity = identity;
    this.session = {
      nexus: nexusName(
        identity.initiatorPort.transportId,
        identity.targetPort.relativePortIdentifier,
      ),
      incarnation: context.incarnation,
      number: sessionNumber,
    };
    this.#context = context;
    const { clock, executions, lease, probe } = context;
    const completion = new CommandCompletion(identity, probe, this);
    const leaseWait = new LeaseWait(lease, clock, () => this.#leaseRenewed());
    this.#tasks = new TaskManager(this, clock, executions, completion, leaseWait);
    this.#inventory = new LunInventory(this, luns);
  }

  get outstanding(): number {
    return this.#tasks.outstanding;
  }

  get luns(): readonly number[] {
    return this.#inventory.luns;
  }

  get portGroups(): readonly PortGroup[] {
    return this.#context.portGroups(this.identity.targetPort.deviceName);
  }

  get commands(): readonly Command[] {
    return this.#context.table.commands;
  }

  get clock(): Clock {
    return this.#context.clock;
  }

  get steps(): StepQueue {
    return this.#context.steps;
  }

  get copyManager(): CopyManager {
    return this.#context.copyManager;
  }

  get logicalUnits(): readonly LogicalUnit[] {
    return this.#inventory.logicalUnits;
  }

  get units(): Iterable<LogicalUnitNexus> {
    return this.#inventory.units;
  }

  get unitsInUse(): readonly LogicalUnitNexus[] {
    return this.#inventory.unitsInUse;
  }

  unitAt(lun: Uint8Array): LogicalUnitNexus | undefined {
    return this.#inventory.at(lun);
  }

  submit(task: Task): void {
    task.transferLength = 0;
    const unit = this.#inventory.at(task.lun) ?? this.#absent;
    const other = this.#tasks.find(task.tag);
    if (this.#closing !== undefined) {
      task.discard();
      return;
    }
    if (other !== undefined) {
      this.#overlap(task, unit, other);
      return;
    }
    const { table, taskSetDepthMax } = this.#context;
    const command = table.find(task.cdb);
    const isFull = this.#tasks.outstanding >= taskSetDepthMax;
    const refusal = isFull ? results.taskSetFull : refusalOf(table, command, task, unit);
    if (refusal !== undefined) {
      this.#tasks.refuse(task, command, refusal, unit);
    } else {
      assert(command !== undefined, 'a command that is admitted has a row in the table');
      this.#tasks.accept(task, command, unit);
    }
  }

  manage(request: TaskManagementRequest): Pending<TaskManagementResponse> {
    return manage(this, request);
  }

  updateLuns(luns: LunMap): void {
    if (this.#closing !== undefined) return;
    const isChanged = this.#inventory.update(luns, ({ tasks }) => this.#tasks.leave(tasks));
    if (!isChanged) return;
    for (const { attentions } of this.units) {
      attentions.establish(conditions.reportedLunsDataHasChanged);
    }
  }

  get isLost(): boolean {
    return this.#closing !== undefined;
  }

  releaseReserves(): Promise<void> | undefined {
    return this.#inventory.releaseReserves();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  age(byMs: number): CommandAges {
    return this.#tasks.age(this.#inventory.taskSets, byMs);
  }

  takeUnitAttention(logicalUnit: LogicalUnit): CommandResult | undefined {
    return this.#inventory.of(logicalUnit)?.attentions.take();
  }

  accompany(call: CommandCall, logicalUnit: LogicalUnit, task: Task, command: Command): void {
    const unit = this.#inventory.of(logicalUnit);
    // It has left the map since the command was planned.
    if (unit === undefined) task.discard();
    else this.#tasks.accompany(call, task, toRow(command), unit);
  }

  copiesAt(logicalUnit: LogicalUnit): CopyResults {
    return this.#inventory.copiesAt(logicalUnit);
  }

  clearUnitAttentions(condition: CommandResult): void {
    for (const { attentions } of this.units) attentions.clear(condition);
  }

  establish(logicalUnit: LogicalUnit, condition: CommandResult): void {
    this.#inventory.of(logicalUnit)?.attentions.establish(condition);
  }

  hasCommands(logicalUnit: LogicalUnit): boolean {
    return this.#inventory
      .inUseOf(logicalUnit)
      .some(({ tasks }) => tasks.list().some(({ state }) => state < TaskState.uninterruptible));
  }

  abortCommands(logicalUnit: LogicalUnit, cause: AbortCause, exempt?: object): readonly Abort[] {
    const isTold = cause === 'otherNexus' && logicalUnit.modes.tas;
    const event = isTold ? TaskEvent.abort : TaskEvent.discard;
    return this.#inventory
      .inUseOf(logicalUnit)
      .flatMap(({ tasks }) => this.#tasks.abortAll(tasks, event, exempt));
  }

  restrict(logicalUnit: LogicalUnit, restrictions: Restrictions): readonly Abort[] {
    return this.#inventory.inUseOf(logicalUnit).flatMap((unit) => {
      unit.restrictions = restrictions;
      return this.#tasks.forbid(unit.tasks);
    });
  }

  abort(execution: Execution): Abort[] {
    return this.#tasks.abort(execution, TaskEvent.discard);
  }

  abortAll({ tasks }: LogicalUnitNexus): Abort[] {
    return this.#tasks.abortAll(tasks, TaskEvent.discard);
  }

  /**
   * Ends a command whose tag another one has: their initiator could not tell the answers apart. As
   * SAM demands, the commands in its task set are aborted, and the overlapped one says so.
   */
  #overlap(task: Task, unit: LogicalUnitNexus, other: Execution): void {
    const aborts = this.#tasks.overlap(other, unit.tasks);
    // It starts at once, and only the end of the aborts ends it.
    task.attribute = 'headOfQueue';
    this.#tasks.accept(task, overlappedCommand(this.clock, aborts), unit);
  }

  #leaseRenewed(): void {
    this.#tasks.leaseRenewed(this.#unitsAndAbsent.map(({ tasks }) => tasks));
  }

  get #unitsAndAbsent(): readonly LogicalUnitNexus[] {
    return [...this.#inventory.unitsInUse, this.#absent];
  }

  async #close(): Promise<void> {
    await awaitAborts(
      this.clock,
      this.#unitsAndAbsent.flatMap((unit) => this.abortAll(unit)),
    );
    // Only now: a reset by another nexus waits for the commands that this nexus has at the medium.
    await this.#inventory.close();
  }
}
