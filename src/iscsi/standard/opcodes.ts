import type { LayoutFacts } from '../../base/bytes/layout.ts';
import {
  AsyncMessage,
  DataIn,
  DataOut,
  LoginRequest,
  LoginResponse,
  LogoutRequest,
  LogoutResponse,
  NopIn,
  NopOut,
  Opcode,
  R2t,
  Reject,
  ScsiCommand,
  ScsiResponse,
  SnackRequest,
  TaskManagementRequest,
  TaskManagementResponse,
  TextRequest,
  TextResponse,
} from './bhs.ts';

/** One row per PDU: its sender and the layout of its header. For logs, dumps and checks. */
interface OpcodeRow {
  readonly opcode: number;
  readonly sender: 'initiator' | 'target';
  readonly header: LayoutFacts;
}

export const OPCODES: ReadonlyMap<number, OpcodeRow> = new Map(
  [
    row(Opcode.nopOut, 'initiator', NopOut.$),
    row(Opcode.scsiCommand, 'initiator', ScsiCommand.$),
    row(Opcode.taskManagementRequest, 'initiator', TaskManagementRequest.$),
    row(Opcode.loginRequest, 'initiator', LoginRequest.$),
    row(Opcode.textRequest, 'initiator', TextRequest.$),
    row(Opcode.dataOut, 'initiator', DataOut.$),
    row(Opcode.logoutRequest, 'initiator', LogoutRequest.$),
    row(Opcode.snackRequest, 'initiator', SnackRequest.$),
    row(Opcode.nopIn, 'target', NopIn.$),
    row(Opcode.scsiResponse, 'target', ScsiResponse.$),
    row(Opcode.taskManagementResponse, 'target', TaskManagementResponse.$),
    row(Opcode.loginResponse, 'target', LoginResponse.$),
    row(Opcode.textResponse, 'target', TextResponse.$),
    row(Opcode.dataIn, 'target', DataIn.$),
    row(Opcode.logoutResponse, 'target', LogoutResponse.$),
    row(Opcode.r2t, 'target', R2t.$),
    row(Opcode.asyncMessage, 'target', AsyncMessage.$),
    row(Opcode.reject, 'target', Reject.$),
  ].map((each) => [each.opcode, each]),
);

/** The name of a PDU as RFC 7143 gives it, or its number. */
export function opcodeName(opcode: number): string {
  return OPCODES.get(opcode)?.header.name ?? `opcode 0x${opcode.toString(16).padStart(2, '0')}`;
}

function row(opcode: number, sender: OpcodeRow['sender'], header: LayoutFacts): OpcodeRow {
  return { opcode, sender, header };
}
