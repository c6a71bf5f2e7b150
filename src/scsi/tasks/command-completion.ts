import { assert } from '../../base/assert.ts';
import type { CommandProbe } from '../command-probe.ts';
import type { CommandResult } from '../command-result.ts';
import type { CommandRow } from '../command-row.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { NexusIdentity } from '../nexus-identity.ts';
import { buildSense } from '../sense.ts';
import { Status } from '../status.ts';
import type { Task } from '../task.ts';

/**
 * Ends every command of a nexus, whether it was refused, performed or aborted: sends its status, or
 * discards the task, and then reports the end to the probe.
 */
export class CommandCompletion {
  readonly #nexus: NexusIdentity;
  readonly #probe: CommandProbe;

  constructor(nexus: NexusIdentity, probe: CommandProbe) {
    this.#nexus = nexus;
    this.#probe = probe;
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
      task.end(result.status, 0, senseOf(result, logicalUnit));
    }
    const bytes = isGood ? returned + dataOut : 0;
    this.#probe.onCommandEnded(
      command,
      logicalUnit,
      this.#nexus,
      result?.status,
      receivedMs,
      bytes,
    );
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
