import { assert } from '../base/assert.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX, type Member, type Records } from '../records/records.ts';
import { decodeMessage } from './channels.ts';

/** What commands ask of gateways on one channel, and the answers there (JSON). */
export const REQUESTS_CHANNEL = 'requests';

export type GatewayRequest = SessionsRequest | ResetRequest | HoldersRequest | CopyRequest;

/** Asked: which sessions do you have? */
export interface SessionsRequest {
  readonly kind: 'sessions';
  /** By the name of a gateway: list those beyond this number. Absent: every gateway, from 0. */
  readonly beyond?: Readonly<Record<string, number>>;
}

export interface SessionsAnswer {
  readonly gateway: string;
  /** When the gateway began, by the clock of its host. */
  readonly since: string;
  /** `SESSIONS_ANSWER_MAX` of them at most. */
  readonly sessions: readonly SessionDetail[];
  /** There are more, beyond this number. */
  readonly beyond?: number;
}

export interface SessionDetail {
  readonly initiator: string;
  /** 12 hex digits: with `initiator` it names the initiator port. */
  readonly isid: string;
  readonly target: string;
  /** As initiators reach it. */
  readonly portal: string;
  /** RELATIVE TARGET PORT IDENTIFIER. */
  readonly targetPort: number;
  /** From the begin of the gateway to the end of the login. */
  readonly afterMs: number;
  readonly commandsInFlight: number;
}

/** Asked of one gateway, by name: reset the logical unit, or every one of the target. */
export interface ResetRequest {
  readonly kind: 'reset';
  readonly gateway: string;
  readonly what: ResetSubject;
}

export type ResetSubject = { readonly uuid: string } | { readonly target: string };

export interface ResetAnswer {
  /** `other`: another gateway is asked. `notServed`: this one does not serve it. */
  readonly outcome: 'reset' | 'other' | 'notServed' | 'failed';
  /** How many logical units. */
  readonly units?: number;
  readonly reason?: string;
}

/** Asked: do you hold the state of the logical unit of that uuid? */
interface HoldersRequest {
  readonly kind: 'holders';
  readonly uuid: string;
}

export interface HoldersAnswer {
  readonly holds: boolean;
}

/** Asked by gateways: do you know this copy, which an initiator sent to the disk of that uuid? */
interface CopyRequest {
  readonly kind: 'copy';
  readonly uuid: string;
  /** SCSI initiator device name. */
  readonly initiator: string;
  readonly listId: number;
}

export interface CopyAnswer {
  /** As the device server has it, with bytes in hexadecimal; absent: it knows no such copy. */
  readonly report?: object;
}

export type GatewayAnswer = SessionsAnswer | ResetAnswer | HoldersAnswer | CopyAnswer;

/** More sessions than this are told by further answers. */
export const SESSIONS_ANSWER_MAX = 64;

/** Two iSCSI names of 223 bytes, and the rest. */
const SESSION_LENGTH_MAX = 800;

assert(
  SESSIONS_ANSWER_MAX * SESSION_LENGTH_MAX < CHANNEL_MESSAGE_LENGTH_MAX,
  'an answer has room for its sessions',
);

/** The answers that came in time, each with the gateway that gave it. */
export async function requestGateways<T extends GatewayAnswer>(
  records: Pick<Records, 'notify'>,
  request: GatewayRequest,
  timeoutMs: number,
): Promise<readonly { readonly from: Member; readonly answer: T }[]> {
  const message = new TextEncoder().encode(JSON.stringify(request));
  const { answers } = await records.notify(REQUESTS_CHANNEL, message, timeoutMs);
  return answers.flatMap(({ from, payload }) => {
    const answer = decodeMessage<T>(payload);
    return answer === undefined ? [] : [{ from, answer }];
  });
}

export function encodeAnswer(answer: GatewayAnswer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(answer));
}
