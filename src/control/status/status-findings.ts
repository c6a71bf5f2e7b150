import type { GatewayStatus } from '../channels.ts';
import type { UnservedBy } from '../document/await-switch.ts';
import type { ListedSilentGateway, MembershipStatus } from './membership-status.ts';
import type { UnitsStatus } from './unit-status.ts';

/** The reports of the gateways, the membership and the store. */
export interface StatusFindings {
  /** Of the document; 0 without one. */
  readonly version: number;
  readonly gateways: readonly GatewayStatus[];
  /** Gateways of the document that do not answer. */
  readonly silent: readonly string[];
  readonly silentStates: readonly ListedSilentGateway[];
  /** The silent gateways whose process runs: it is stopped, or too busy to answer. */
  readonly stuck: readonly string[];
  readonly unserved: readonly UnservedBy[];
  /** Disks whose volume has another name than the document says. */
  readonly renamed: readonly RenamedVolume[];
  readonly members: MembershipStatus;
  readonly units: UnitsStatus;
}

/** A volume is found by its id, so the disk is served under any name of the volume. */
export interface RenamedVolume {
  readonly disk: string;
  /** As the document has it. */
  readonly volume: string;
  readonly id: string;
  /** The current name; absent if it has none, because it was deleted or is in the trash. */
  readonly name?: string;
}
