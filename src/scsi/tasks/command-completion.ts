import { assert } from '../../base/assert.ts';
import type { CommandProbe } from '../command-probe.ts';
import type { CommandResult } from '../command-result.ts';
import type { CommandRow } from '../command-row.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { NexusIdentity } from '../nexus-identity.ts';
import { buildSense } from '../sense.ts';
import { conditions } from '../sense-table.ts';
import { UnitAttentionInterlock } from '../standard/mode.ts';
import { Status } from '../status.ts';
import type { Task } from '../task.ts';

/** The nexus as its unit attention interlocks see it. */
interface InterlockedNexus {
  establish(logicalUnit: LogicalUnit, condition: CommandResult): void;
}

/** What a command without effect establishes if UA_INTLCK_CTRL is 11b (SPC). */
const INTERLOCKS: ReadonlyMap<Status, CommandResult> = new Map([
  [Status.busy, conditions.previousBusyStatus],
  [Status.taskSetFull, conditions.previousTaskSetFullStatus],
  [Status.reservationConflict, conditions.previousReservationConflictStatus],
]);

/**
 * Ends every command of a nexus, whether it was refused, performed or aborted: sends its status, or
 * discards the task, and then reports the end to the probe.
 */
export class CommandCompletion {
  readonly #identity: NexusIdentity;
  readonly #probe: CommandProbe;
  readonly #nexus: InterlockedNexus;

  constructor(identity: NexusIdentity, probe: CommandProbe, nexus: InterlockedNexus) {
    this.#identity = identity;
    this.#probe = probe;
    this.#nexus = nexus;
  }

  /**
   * Without a result the initiator is not answered. `dataIn` and `dataOut`: how many bytes the
   * command moves when it ends well; a handler that provided less data-in says so in its result.
   */
  complete(
    task: Task,
    command: CommandRow | undefined,
    result: CommandResult | undefined,
    logicalUnit: LogicalUnit | undefined,
    dataIn: number,
    dataOut: number,
  ): void {
    // The transport uses the task for another command as soon as it has ended.
    const { receivedMs } = task;
    const isGood = result?.status === Status.good;
    const returned = isGood ? (result.dataInLength ?? dataIn) : 0;
    if (result === undefined) {
      task.discard();
    } else if (isGood) {
      if (returned < dataIn) task.transferLength = returned;
      task.end(Status.good, returned, undefined);
    } else {
      if (logicalUnit !== undefined) this.#interlock(logicalUnit, result.status);
      task.end(result.status, 0, senseOf(result, logicalUnit));
    }
    const bytes = isGood ? returned + dataOut : 0;
    this.#probe.onCommandEnded(
      command,
      logicalUnit,
      this.#identity,
      result?.status,
      receivedMs,
      bytes,
    );
  }

  #interlock(logicalUnit: LogicalUnit, status: Status): void {
    if (logicalUnit.modes.uaIntlckCtrl !== UnitAttentionInterlock.keptAndEstablished) return;
    const condition = INTERLOCKS.get(status);
    if (condition !== undefined) this.#nexus.establish(logicalUnit, condition);
  }
}

function senseOf(
  { status, sense }: CommandResult,
  logicalUnit: LogicalUnit | undefined,
): Uint8Array | undefined {
  if (sense === undefined) return undefined;
  assert(status === Status.checkCondition, 'sense data goes with CHECK CONDITION');
  return buildSense(sense, logicalUnit?.modes.dSense ?? false);
}
