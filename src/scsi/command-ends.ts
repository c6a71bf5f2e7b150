import { assert } from '../base/assert.ts';
import type { CommandProbe } from './command-probe.ts';
import type { CommandRow } from './command-row.ts';
import type { Ending } from './ending.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import { buildSense } from './sense.ts';
import { Status } from './status.ts';
import type { Task } from './task.ts';

/**
 * Where every command of a nexus ends, whether it was refused, was done or was aborted: its
 * initiator is answered, or hears nothing of it, and then the probe learns of the end.
 */
export class CommandEnds {
  readonly #nexus: NexusIdentity;
  readonly #probe: CommandProbe;

  constructor(nexus: NexusIdentity, probe: CommandProbe) {
    this.#nexus = nexus;
    this.#probe = probe;
  }

  /**
   * Without an ending the initiator hears nothing. `dataIn` and `dataOut`: how many bytes the
   * command moves when it ends well; a handler that provided less data-in says so in its ending.
   */
  end(
    task: Task,
    command: CommandRow | undefined,
    ending: Ending | undefined,
    logicalUnit: LogicalUnit | undefined,
    dataIn: number,
    dataOut: number,
  ): void {
    // The transport uses the task for another command as soon as it has ended.
    const { receivedMs } = task;
    const isGood = ending?.status === Status.good;
    const returned = isGood ? (ending.dataInLength ?? dataIn) : 0;
    if (ending === undefined) {
      task.discard();
    } else if (isGood) {
      if (returned < dataIn) task.transferLength = returned;
      task.end(Status.good, returned, undefined);
    } else {
      task.end(ending.status, 0, senseOf(ending, logicalUnit));
    }
    const bytes = isGood ? returned + dataOut : 0;
    this.#probe.onCommandEnded(
      command,
      logicalUnit,
      this.#nexus,
      ending?.status,
      receivedMs,
      bytes,
    );
  }
}

function senseOf(
  { status, sense }: Ending,
  logicalUnit: LogicalUnit | undefined,
): Uint8Array | undefined {
  if (sense === undefined) return undefined;
  assert(status === Status.checkCondition, 'sense data goes with CHECK CONDITION');
  return buildSense(sense, logicalUnit?.modes.dSense ?? false);
}
