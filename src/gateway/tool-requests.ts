import type { Clock } from '../base/clock.ts';
import {
  encodeMessage,
  FENCE_CHANNEL,
  type GatewayStatus,
  STATUS_CHANNEL,
} from '../control/channels.ts';
import type { Log } from '../log/log.ts';
import type { Membership } from '../membership/membership.ts';
import { PersistentWatch, type PersistentWatchOptions } from '../records/persistent-watch.ts';
import type { Records } from '../records/records.ts';
import { fenceNamed } from './fence-requests.ts';

interface ToolRequestsOptions {
  readonly records: Records;
  /** Undefined where the store has no members: then no gateway can be fenced. */
  readonly membership: Membership | undefined;
  readonly status: () => GatewayStatus;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers tools, which ask a gateway for its status and to fence another one. */
export class ToolRequests {
  readonly #watches: readonly PersistentWatch[];

  constructor({ records, membership, status, clock, log }: ToolRequestsOptions) {
    const watch = (channel: string, onNotify: PersistentWatchOptions['onNotify']) =>
      new PersistentWatch({ records, channel, clock, log, onNotify });
    const watches = [watch(STATUS_CHANNEL, () => encodeMessage(status()))];
    if (membership !== undefined) {
      const fence = async (message: Uint8Array) =>
        encodeMessage(await fenceNamed(membership, message));
      watches.push(watch(FENCE_CHANNEL, fence));
    }
    this.#watches = watches;
  }

  async open(): Promise<void> {
    for (const watch of this.#watches) await watch.open();
  }

  async close(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.close()));
  }
}
