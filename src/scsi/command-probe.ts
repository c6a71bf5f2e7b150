import type { CommandRow } from './command-row.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import type { Status } from './status.ts';

/**
 * Is told of the end of every command. It runs on the path of every command, so it must be quick.
 */
export interface CommandProbe {
  /**
   * @param command undefined for an operation code that no row has.
   * @param unit undefined for a LUN without a logical unit.
   * @param status undefined for a command that ended without one: it was aborted.
   * @param receivedMs when it arrived. The probe reads the clock itself when it needs to: a reading
   *   at each end would cost more than the rest of the probe.
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
