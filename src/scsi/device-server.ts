import type { Clock } from '../base/clock.ts';
import { FreeList } from '../base/free-list.ts';
import type { Log } from '../log/log.ts';
import type { CommandProbe } from './command-probe.ts';
import { CommandTable, commands } from './command-table.ts';
import type { CopyManager } from './copy/copy-manager.ts';
import { FREE_EXECUTIONS_MAX } from './limits.ts';
import type { LunMap, Nexus, PortGroup } from './nexus.ts';
import type { NexusContext } from './nexus-context.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import { ScsiNexus } from './scsi-nexus.ts';
import { ENDLESS_LEASE, type StateLease } from './state-lease.ts';
import { Execution } from './tasks/execution.ts';
import { StepQueue } from './tasks/step-queue.ts';

/** The parts that all nexuses of one gateway share. */
interface DeviceServerOptions {
  readonly clock: Clock;
  /** Of the gateway: tells its sessions from those of its other lives. */
  readonly incarnation: string;
  readonly log: Log;
  /** Is told of the end of every command. */
  readonly probe: CommandProbe;
  /** Without one no other gateway shares anything. */
  readonly lease?: StateLease;
  readonly copyManager: CopyManager;
  /** The target port groups of the device that a port belongs to, over all gateways, as of now. */
  portGroups(deviceName: string): readonly PortGroup[];
  /** Bound on the commands in the task set of one nexus; beyond it TASK SET FULL. */
  readonly taskSetDepthMax: number;
}

/** The SCSI device server of a gateway. */
export interface DeviceServer {
  openNexus(identity: NexusIdentity, luns: LunMap): Nexus;
}

/** A device server that serves every command of the table. */
export function createDeviceServer(options: DeviceServerOptions): DeviceServer {
  const context: NexusContext = {
    clock: options.clock,
    incarnation: options.incarnation,
    probe: options.probe,
    lease: options.lease ?? ENDLESS_LEASE,
    table: new CommandTable(commands),
    steps: new StepQueue(options.clock),
    copyManager: options.copyManager,
    taskSetDepthMax: options.taskSetDepthMax,
    executions: new FreeList(FREE_EXECUTIONS_MAX, () => new Execution()),
    portGroups: (deviceName) => options.portGroups(deviceName),
  };
  let sessions = 0;
  return {
    openNexus: (identity, luns) => {
      options.log.write('nexus_opened', {
        initiatorPort: identity.initiatorPort.name,
        targetPort: identity.targetPort.name,
      });
      return new ScsiNexus(identity, ++sessions, luns, context);
    },
  };
}
