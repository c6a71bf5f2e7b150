import { LOGOUT } from './login-log.ts';
import type { Session } from './session.ts';
import {
  AsyncEvent,
  AsyncMessage,
  BHS_LENGTH,
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
import { RejectReason } from './standard/reject-reason.ts';
import type { Pdu } from './wire/pdu.ts';

const FINAL = 0x80;
const CONTINUE = 0x40;

/** Refuses a PDU; its header goes back as data. */
export function reject(session: Session, pdu: Pdu, reason: RejectReason): void {
  const header = pdu.bytes.slice(pdu.base, pdu.base + BHS_LENGTH);
  session.log.debug('Reject', { reason, opcode: pdu.opcode });
  session.writer.compose(Opcode.reject, FINAL, RESERVED_TAG, header, (bytes, base) => {
    Reject.reason.set(bytes, reason, base);
  });
}

/** NOP-Out: a ping is echoed, the answer to our own is a sign of life and no more. */
export function answerNopOut(session: Session, pdu: Pdu): void {
  const { bytes, base } = pdu;
  const tag = NopOut.initiatorTaskTag.get(bytes, base);
  if (tag === RESERVED_TAG) return;
  const echoMax = Math.min(pdu.dataLength, session.dataInSegmentMax);
  const data = echoMax > 0 ? pdu.joinedData().subarray(0, echoMax) : undefined;
  session.writer.compose(Opcode.nopIn, FINAL, tag, data, (out, at) => {
    NopIn.targetTransferTag.set(out, RESERVED_TAG, at);
  });
}

/** Any tag will do: whatever the initiator sends next is a sign of life. */
const PING_TAG = 1;

/** Asks for a sign of life. */
export function sendPing(session: Session): void {
  session.writer.compose(
    Opcode.nopIn,
    FINAL,
    RESERVED_TAG,
    undefined,
    (bytes, base) => NopIn.targetTransferTag.set(bytes, PING_TAG, base),
    false,
  );
}

/** Tells the command window, and asks for no answer. */
export function sendWindow(session: Session): void {
  session.writer.compose(
    Opcode.nopIn,
    FINAL,
    RESERVED_TAG,
    undefined,
    (bytes, base) => NopIn.targetTransferTag.set(bytes, RESERVED_TAG, base),
    false,
  );
}

/** Asks the initiator to log out within `seconds` (draining). */
export function requestLogout(session: Session, seconds: number): void {
  session.writer.compose(Opcode.asyncMessage, FINAL, RESERVED_TAG, undefined, (bytes, base) => {
    AsyncMessage.asyncEvent.set(bytes, AsyncEvent.logoutRequest, base);
    AsyncMessage.parameter3.set(bytes, seconds, base);
  });
}

export function answerText(session: Session, pdu: Pdu): void {
  const answer = session.discovery.onTextRequest(session.dataInSegmentMax, pdu);
  if (answer.status === 'reject') {
    reject(session, pdu, answer.reason);
    return;
  }
  const declared = answer.initiatorMaxRecvDataSegmentLength;
  if (declared !== undefined) session.declareSegmentLength(declared);
  const tag = NopOut.initiatorTaskTag.get(pdu.bytes, pdu.base);
  const flags = (answer.final ? FINAL : 0) | (answer.continues ? CONTINUE : 0);
  const lun = pdu.bytes.slice(pdu.base + LUN_BYTE, pdu.base + LUN_BYTE + 8);
  session.writer.compose(Opcode.textResponse, flags, tag, answer.data, (bytes, base) => {
    bytes.set(lun, base + LUN_BYTE);
    TextResponse.targetTransferTag.set(bytes, answer.targetTransferTag, base);
  });
}

export function answerLogout(session: Session, pdu: Pdu): void {
  const { bytes, base } = pdu;
  const reason = LogoutRequest.reasonCode.get(bytes, base);
  const cid = LogoutRequest.cid.get(bytes, base);
  if (reason > LogoutReason.removeConnectionForRecovery) {
    reject(session, pdu, RejectReason.invalidPduField);
    return;
  }
  let response: number = LogoutResponseCode.closedSuccessfully;
  if (reason === LogoutReason.removeConnectionForRecovery) {
    response = LogoutResponseCode.connectionRecoveryNotSupported;
  } else if (reason === LogoutReason.closeConnection && cid !== session.identity.cid) {
    response = LogoutResponseCode.cidNotFound;
  }
  const tag = LogoutRequest.initiatorTaskTag.get(bytes, base);
  const { parameters, writer } = session;
  writer.compose(Opcode.logoutResponse, FINAL, tag, undefined, (out, at) => {
    LogoutResponse.response.set(out, response, at);
    LogoutResponse.time2Wait.set(out, parameters.defaultTime2Wait, at);
    LogoutResponse.time2Retain.set(out, parameters.defaultTime2Retain, at);
  });
  if (response === LogoutResponseCode.closedSuccessfully) session.end(LOGOUT, 'afterSending');
}
