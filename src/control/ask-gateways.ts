import type { NotifyResult, Records } from '../records/records.ts';
import { decodeMessage, type GatewayStatus, STATUS_CHANNEL } from './channels.ts';

const ANSWER_TIMEOUT_MS = 2_000;

interface AskedGateways extends Pick<NotifyResult, 'missing'> {
  /** The gateways that answered, sorted by name. */
  readonly gateways: readonly GatewayStatus[];
}

/** Asks the gateways that run how they are. */
export async function askGateways(records: Records): Promise<AskedGateways> {
  const question = new Uint8Array();
  const { answers, missing } = await records.notify(STATUS_CHANNEL, question, ANSWER_TIMEOUT_MS);
  const gateways = answers
    .flatMap(({ payload }) => decodeMessage<GatewayStatus>(payload) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { gateways, missing };
}
