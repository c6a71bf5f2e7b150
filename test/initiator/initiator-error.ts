export type InitiatorErrorCode =
  /** The connection closed or failed; what was sent has an unknown outcome. */
  | 'connectionLost'
  /** The target broke a rule of RFC 7143; the message says which. */
  | 'protocolViolation'
  /** The login was refused; `data` holds statusClass and statusDetail. */
  | 'loginRefused'
  /** No answer within the bound. */
  | 'timeout'
  /** The target answered with a Reject PDU; `data` holds its reason. */
  | 'rejected'
  /** A task management function ended the command. */
  | 'aborted';

/** Why an exchange with the target came to no answer. */
export class InitiatorError extends Error {
  override readonly name = 'InitiatorError';
  readonly code: InitiatorErrorCode;
  readonly data: Readonly<Record<string, number>>;

  constructor(
    code: InitiatorErrorCode,
    message: string,
    data: Readonly<Record<string, number>> = {},
  ) {
    super(`${code}: ${message}`);
    this.code = code;
    this.data = data;
  }
}

export function violation(message: string): InitiatorError {
  return new InitiatorError('protocolViolation', message);
}
