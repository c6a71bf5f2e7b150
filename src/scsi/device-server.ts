import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { LunMap, Nexus, NexusIdentity, PortGroup } from './nexus.ts';

/** What all nexuses of one gateway share. */
export interface DeviceServerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The target port groups of the device that a port belongs to, over all gateways, as of now. */
  portGroups(deviceName: string): readonly PortGroup[];
  /** Bound on the commands in the task set of one nexus; beyond it TASK SET FULL. */
  readonly taskSetDepthMax: number;
}

/** The SCSI device server of a gateway. */
export interface DeviceServer {
  openNexus(identity: NexusIdentity, luns: LunMap): Nexus;
}

/** Implemented in this file by the SCSI layer's author. */
export declare function createDeviceServer(options: DeviceServerOptions): DeviceServer;
