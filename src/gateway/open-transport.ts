import type { Listen } from '../base/byte-stream.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { ClusterDocument } from '../config/document.ts';
import { QUEUE_DEPTH_MAX } from '../config/limits.ts';
import { IMMEDIATE_COMMANDS_MAX } from '../iscsi/limits.ts';
import type { Log } from '../log/log.ts';
import type { CommandProbe } from '../scsi/command-probe.ts';
import type { CopyManager } from '../scsi/copy/copy-manager.ts';
import { createDeviceServer } from '../scsi/device-server.ts';
import type { StateLease } from '../scsi/state-lease.ts';
import { IscsiTransport } from './iscsi/iscsi-transport.ts';
import type { PortGroups } from './port-groups.ts';
import type { Transport } from './transport.ts';

interface OpenTransportOptions {
  /** The name of the gateway. */
  readonly gateway: string;
  readonly incarnation: string;
  /** Of the document that is served first. */
  readonly settings: ClusterDocument['settings'];
  readonly portGroups: PortGroups;
  readonly probe: CommandProbe;
  readonly lease: StateLease;
  readonly copyManager: CopyManager;
  /** Whether commands may be taken now; after false, `Transport.recheck` is to be called. */
  readonly mayAct: () => boolean;
  readonly listen: Listen;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The transport of a gateway, over a device server. Another transport is added here. */
export function openTransport(options: OpenTransportOptions): Transport {
  const { incarnation, portGroups, probe, lease, copyManager, clock, log } = options;
  const deviceServer = createDeviceServer({
    clock,
    incarnation,
    log,
    probe,
    lease,
    copyManager,
    portGroups: () => portGroups.all,
    // The task set has room for all that a command window lets in.
    taskSetDepthMax: QUEUE_DEPTH_MAX + IMMEDIATE_COMMANDS_MAX,
  });
  return new IscsiTransport({ ...options, deviceServer });
}
