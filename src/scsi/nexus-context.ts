import type { Clock } from '../base/clock.ts';
import type { FreeList } from '../base/free-list.ts';
import type { CommandProbe } from './command-probe.ts';
import type { CommandTable } from './command-table.ts';
import type { CopyManager } from './copy/copy-manager.ts';
import type { PortGroup } from './nexus.ts';
import type { StateLease } from './state-lease.ts';
import type { Execution } from './tasks/execution.ts';
import type { StepQueue } from './tasks/step-queue.ts';

/** The parts of the device server that a nexus uses. */
export interface NexusContext {
  readonly clock: Clock;
  /** Of the gateway. */
  readonly incarnation: string;
  readonly probe: CommandProbe;
  readonly lease: StateLease;
  readonly table: CommandTable;
  readonly steps: StepQueue;
  readonly copyManager: CopyManager;
  readonly taskSetDepthMax: number;
  /** Executions that are not in use. */
  readonly executions: FreeList<Execution>;
  portGroups(deviceName: string): readonly PortGroup[];
}
