import type { CommandRow } from './command-row.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import type { Status } from './status.ts';

/** Learns of the end of every command, on the path of every command: it has to be quick. */
export interface CommandProbe {
  /**
   * @param command undefined for an operation code that no row has.
   * @param unit undefined for a LUN without a logical unit.
   * @param status undefined for a command that ended without one: it was aborted.
   * @param receivedMs when it arrived. The probe reads the clock itself when it wants to: at each
   *   end that would cost more than all else of it.
   * @param transferredBytes of data-in or data-out.
   */
  onCommandEnded(
    command: CommandRow | undefined,
    unit: LogicalUnit | undefined,
    nexus: NexusIdentity,
    status: Status | undefined,
    receivedMs: number,
    transferredBytes: number,
  ): void;
}
