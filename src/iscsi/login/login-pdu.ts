import { ISID_BYTE, ISID_LENGTH, LoginRequest, LoginResponse } from '../standard/bhs.ts';
import { ISCSI_VERSION } from '../standard/login-status.ts';

/** The header of a Login Request, as the login machine reads it. */
export interface LoginRequestHeader {
  readonly transit: boolean;
  readonly continue: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly versionMax: number;
  readonly versionMin: number;
  /** 12 hex digits. */
  readonly isid: string;
  readonly tsih: number;
  readonly cid: number;
}

export function readLoginRequest(bytes: Uint8Array, base = 0): LoginRequestHeader {
  return {
    transit: LoginRequest.transit.get(bytes, base) === 1,
    continue: LoginRequest.continue.get(bytes, base) === 1,
    currentStage: LoginRequest.currentStage.get(bytes, base),
    nextStage: LoginRequest.nextStage.get(bytes, base),
    versionMax: LoginRequest.versionMax.get(bytes, base),
    versionMin: LoginRequest.versionMin.get(bytes, base),
    isid: formatIsid(bytes, base + ISID_BYTE),
    tsih: LoginRequest.tsih.get(bytes, base),
    cid: LoginRequest.cid.get(bytes, base),
  };
}

/** The six bytes of an ISID as 12 lower case hex digits. */
function formatIsid(bytes: Uint8Array, at = 0): string {
  let text = '';
  for (let i = at; i < at + ISID_LENGTH; i++) text += bytes[i]!.toString(16).padStart(2, '0');
  return text;
}

/** The content of a Login Response. Its text always fits one data segment. */
export interface LoginReply {
  readonly transit: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly tsih: number;
  /** Status-Class << 8 | Status-Detail. */
  readonly status: number;
  readonly text: Uint8Array;
}

/**
 * Fills the fields of a Login Response that the login decides; the header is zeroed before. Tags,
 * sequence numbers, opcode and length are the connection's.
 */
export function writeLoginReply(
  bytes: Uint8Array,
  base: number,
  reply: LoginReply,
  isid: Uint8Array,
): void {
  LoginResponse.transit.set(bytes, reply.transit ? 1 : 0, base);
  LoginResponse.currentStage.set(bytes, reply.currentStage, base);
  LoginResponse.nextStage.set(bytes, reply.nextStage, base);
  LoginResponse.versionMax.set(bytes, ISCSI_VERSION, base);
  LoginResponse.versionActive.set(bytes, ISCSI_VERSION, base);
  bytes.set(isid.subarray(0, ISID_LENGTH), base + ISID_BYTE);
  LoginResponse.tsih.set(bytes, reply.tsih, base);
  LoginResponse.statusClass.set(bytes, reply.status >>> 8, base);
  LoginResponse.statusDetail.set(bytes, reply.status & 0xff, base);
}
