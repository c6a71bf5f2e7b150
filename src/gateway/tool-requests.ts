import type { Clock } from '../base/clock.ts';
import {
  decodeMessage,
  encodeMessage,
  FENCE_CHANNEL,
  type GatewayStatus,
  STATUS_CHANNEL,
} from '../control/channels.ts';
import {
  encodeAnswer,
  type GatewayAnswer,
  type GatewayRequest,
  REQUESTS_CHANNEL,
} from '../control/gateway-requests.ts';
import type { Log } from '../log/log.ts';
import type { Membership } from '../membership/membership.ts';
import { PersistentWatch, type PersistentWatchOptions } from '../records/persistent-watch.ts';
import type { Records } from '../records/records.ts';
import { fenceNamed } from './fence-requests.ts';

/** How this gateway answers each kind of request. */
type RequestAnswers = {
  readonly [Kind in GatewayRequest['kind']]: (
    request: Extract<GatewayRequest, { kind: Kind }>,
  ) => GatewayAnswer | Promise<GatewayAnswer>;
};

/** An answer to what a later release asks: it says nothing. */
const NOT_UNDERSTOOD = new Uint8Array(0);

interface ToolRequestsOptions {
  readonly records: Records;
  /** Undefined where the store has no members: then no gateway can be fenced. */
  readonly membership: Membership | undefined;
  readonly status: () => GatewayStatus;
  /** Answers what is asked on `REQUESTS_CHANNEL`. */
  readonly answers: RequestAnswers;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers tools: they ask a gateway for what it knows, to reset units and to fence others. */
export class ToolRequests {
  readonly #watches: readonly PersistentWatch[];

  constructor(options: ToolRequestsOptions) {
    const { records, membership, status, answers, clock, log } = options;
    const watch = (channel: string, onNotify: PersistentWatchOptions['onNotify']) =>
      new PersistentWatch({ records, channel, clock, log, onNotify });
    const watches = [
      watch(STATUS_CHANNEL, () => encodeMessage(status())),
      watch(REQUESTS_CHANNEL, (message) => answerOf(message, answers)),
    ];
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

async function answerOf(message: Uint8Array, answers: RequestAnswers): Promise<Uint8Array> {
  const request = decodeMessage<GatewayRequest | null>(message);
  switch (request?.kind) {
    case 'sessions':
      return encodeAnswer(await answers.sessions(request));
    case 'reset':
      return encodeAnswer(await answers.reset(request));
    case 'holders':
      return encodeAnswer(await answers.holders(request));
    case 'copy':
      return encodeAnswer(await answers.copy(request));
    default:
      return NOT_UNDERSTOOD;
  }
}
