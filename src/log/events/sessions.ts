import { logEvent } from '../log-event.ts';

/** Where a connection comes from, and through which portal. */
const WHERE = ['address', 'port', 'portal', 'portalGroupTag'] as const;
/** What the peer has said of itself. */
const NAMES = ['session', 'initiator?', 'target?', 'user?'] as const;

export const sessionEvents = {
  login: logEvent({
    level: 'info',
    sentence: 'an initiator logged in',
    meaning: 'A session begins.',
    fields: [...NAMES, ...WHERE],
  }),
  login_refused: logEvent({
    level: 'info',
    sentence: 'this gateway refused a login',
    meaning: 'The names are what the peer claims: they are cut, and control characters are `?`.',
    remedy: 'If it should be let in, see `reason` and the access of the target in the document.',
    fields: [...NAMES, 'status', 'reason', ...WHERE],
  }),
  login_abandoned: logEvent({
    level: 'info',
    sentence: 'a connection ended before its login did',
    meaning: 'The names are what the peer claims, as in `login_refused`.',
    fields: [...NAMES, 'reason', ...WHERE],
  }),
  logout: logEvent({
    level: 'info',
    sentence: 'an initiator logged out',
    meaning: 'Its session ended as the standard demands.',
    fields: [...NAMES, ...WHERE],
  }),
  session_ended: logEvent({
    level: 'info',
    sentence: 'a session ended without a logout',
    meaning:
      'The connection was lost, or this gateway ended it, also because the document changed.',
    remedy: 'If it recurs, see `reason`, the network and the log of the initiator.',
    fields: [...NAMES, 'reason', ...WHERE],
  }),
  nexus_opened: logEvent({
    level: 'debug',
    sentence: 'this gateway opened a nexus',
    meaning: 'The session of an initiator can send commands from now on.',
    fields: ['initiatorPort', 'targetPort'],
  }),
  pdu_rejected: logEvent({
    level: 'debug',
    sentence: 'this gateway rejected a PDU',
    meaning:
      'The initiator sent a PDU that the standard forbids, or that this gateway does not support.',
    fields: ['rejectReason', 'opcode', 'address?', 'port?'],
  }),
  connection_ending: logEvent({
    level: 'debug',
    sentence: 'this gateway ends a connection when its last PDUs have left',
    meaning: '`connection_closed` follows.',
    fields: ['reason', 'address?', 'port?'],
  }),
  connection_closed: logEvent({
    level: 'debug',
    sentence: 'a connection is closed',
    meaning: 'Either side ended it.',
    fields: ['reason', 'address?', 'port?'],
  }),
};
