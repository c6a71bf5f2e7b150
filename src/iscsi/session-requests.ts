import type { DiscoveryService } from './discovery.ts';
import type { SessionParameters } from './login/session-parameters.ts';
import {
  AsyncEvent,
  AsyncMessage,
  BHS_LENGTH,
  FINAL_FLAG,
  LogoutReason,
  LogoutRequest,
  LogoutResponse,
  LogoutResponseCode,
  LUN_BYTE,
  NopIn,
  NopOut,
  Opcode,
  RESERVED_TAG,
  Reject,
  TextResponse,
} from './standard/bhs.ts';
import type { RejectReason } from './standard/reject-reason.ts';
import type { Pdu } from './wire/pdu.ts';
import type { PduWriter } from './wire/pdu-writer.ts';

const CONTINUE_FLAG = 0x40;

/** Refuses a PDU; its header goes back as data. */
export function sendReject(writer: PduWriter, pdu: Pdu, reason: RejectReason): void {
  const header = pdu.bytes.slice(pdu.base, pdu.base + BHS_LENGTH);
  writer.compose(Opcode.reject, FINAL_FLAG, RESERVED_TAG, header, (bytes, base) => {
    Reject.reason.set(bytes, reason, base);
  });
}

/** NOP-Out: a ping is echoed, the answer to our own is a sign of life and no more. */
export function answerNopOut(writer: PduWriter, pdu: Pdu): void {
  const { bytes, base } = pdu;
  const tag = NopOut.initiatorTaskTag.get(bytes, base);
  if (tag === RESERVED_TAG) return;
  const echoMax = Math.min(pdu.dataLength, writer.dataSegmentMax);
  const data = echoMax > 0 ? pdu.joinedData().subarray(0, echoMax) : undefined;
  writer.compose(Opcode.nopIn, FINAL_FLAG, tag, data, (out, at) => {
    NopIn.targetTransferTag.set(out, RESERVED_TAG, at);
  });
}

/** Any tag will do: the next PDU of the initiator is a sign of life. */
const PING_TAG = 1;

/** Asks for a sign of life. */
export function sendPing(writer: PduWriter): void {
  writer.compose(
    Opcode.nopIn,
    FINAL_FLAG,
    RESERVED_TAG,
    undefined,
    (bytes, base) => NopIn.targetTransferTag.set(bytes, PING_TAG, base),
    false,
  );
}

/** Tells the command window, and asks for no answer. */
export function sendWindow(writer: PduWriter): void {
  writer.compose(
    Opcode.nopIn,
    FINAL_FLAG,
    RESERVED_TAG,
    undefined,
    (bytes, base) => NopIn.targetTransferTag.set(bytes, RESERVED_TAG, base),
    false,
  );
}

/** Asks the initiator to log out within `seconds` (draining). */
export function sendLogoutRequest(writer: PduWriter, seconds: number): void {
  writer.compose(Opcode.asyncMessage, FINAL_FLAG, RESERVED_TAG, undefined, (bytes, base) => {
    AsyncMessage.asyncEvent.set(bytes, AsyncEvent.logoutRequest, base);
    AsyncMessage.parameter3.set(bytes, seconds, base);
  });
}

/** Answers a Text Request. Returns why it is rejected, if it is. */
export function answerText(
  writer: PduWriter,
  discovery: DiscoveryService,
  pdu: Pdu,
): RejectReason | undefined {
  const answer = discovery.onTextRequest(writer.dataSegmentMax, pdu);
  if (answer.status === 'reject') return answer.reason;
  const declared = answer.initiatorMaxRecvDataSegmentLength;
  if (declared !== undefined) writer.declareSegmentLength(declared);
  const tag = NopOut.initiatorTaskTag.get(pdu.bytes, pdu.base);
  const flags = (answer.final ? FINAL_FLAG : 0) | (answer.continues ? CONTINUE_FLAG : 0);
  const lun = pdu.bytes.slice(pdu.base + LUN_BYTE, pdu.base + LUN_BYTE + 8);
  writer.compose(Opcode.textResponse, flags, tag, answer.data, (bytes, base) => {
    bytes.set(lun, base + LUN_BYTE);
    TextResponse.targetTransferTag.set(bytes, answer.targetTransferTag, base);
  });
  return undefined;
}

/** The fields of a Logout Request that its answer depends on. */
export interface Logout {
  readonly reason: number;
  readonly cid: number;
  readonly tag: number;
}

/** Undefined for an invalid request. */
export function readLogout({ bytes, base }: Pdu): Logout | undefined {
  const reason = LogoutRequest.reasonCode.get(bytes, base);
  if (reason > LogoutReason.removeConnectionForRecovery) return undefined;
  const cid = LogoutRequest.cid.get(bytes, base);
  return { reason, cid, tag: LogoutRequest.initiatorTaskTag.get(bytes, base) };
}

/** Answers a Logout Request. After `closed` the connection has to end. */
export function answerLogout(
  writer: PduWriter,
  parameters: SessionParameters,
  ownCid: number,
  { reason, cid, tag }: Logout,
): 'closed' | 'stays' {
  let response: number = LogoutResponseCode.closedSuccessfully;
  if (reason === LogoutReason.removeConnectionForRecovery) {
    response = LogoutResponseCode.connectionRecoveryNotSupported;
  } else if (reason === LogoutReason.closeConnection && cid !== ownCid) {
    response = LogoutResponseCode.cidNotFound;
  }
  writer.compose(Opcode.logoutResponse, FINAL_FLAG, tag, undefined, (out, at) => {
    LogoutResponse.response.set(out, response, at);
    LogoutResponse.time2Wait.set(out, parameters.defaultTime2Wait, at);
    LogoutResponse.time2Retain.set(out, parameters.defaultTime2Retain, at);
  });
  return response === LogoutResponseCode.closedSuccessfully ? 'closed' : 'stays';
}
