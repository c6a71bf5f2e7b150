import { logEvent } from '../log-event.ts';

export const gatewayEvents = {
  document_served: logEvent({
    level: 'info',
    sentence: 'this gateway serves a version of the document',
    meaning: 'It has started to serve, or has switched to a later version.',
    fields: ['version', 'portals'],
  }),
  document_not_served: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot serve the latest version of the document',
    meaning:
      'It cannot read or cannot serve that version. It keeps the version that it has, and retries.',
    remedy: 'Fix the cause in `reason`; `allpath status` shows the version of each gateway.',
    fields: ['reason'],
  }),
  drain_started: logEvent({
    level: 'info',
    sentence: 'this gateway asks its initiators to log out',
    meaning: 'It was asked to stop, and waits for them.',
    fields: ['sessions', 'drainSeconds'],
  }),
  drain_not_announced: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot tell the other gateways that it drains',
    meaning: 'They report its paths as unavailable only after it has left.',
    remedy: 'Check that the store answers, if it recurs.',
    fields: ['reason'],
  }),
  drain_ended: logEvent({
    level: 'info',
    sentence: 'this gateway stopped waiting for its initiators',
    meaning: 'They have logged out, or the time is up: it ends the remaining sessions.',
    fields: ['sessions'],
  }),
  leave_failed: logEvent({
    level: 'warn',
    sentence: 'this gateway could not leave the membership cleanly',
    meaning: 'The other gateways fence it before they assume that its writes are over.',
    remedy: 'Check that the store answers, if it recurs.',
    fields: ['reason'],
  }),
  restart_planned: logEvent({
    level: 'info',
    sentence: 'this gateway will try to serve again after a pause',
    meaning: 'It was fenced, or could not start. Each pause is longer while this recurs.',
    fields: ['waitMs'],
  }),
  restart_failed: logEvent({
    level: 'warn',
    sentence: 'this gateway could not serve again',
    meaning: 'It tries again after a pause.',
    remedy: 'Fix the cause in `reason`.',
    fields: ['reason'],
  }),
  writes_not_fenced: logEvent({
    level: 'error',
    sentence: 'this gateway gives up, because it cannot fence stuck writes to a disk',
    meaning: 'It drops all sessions. On Ceph it serves again by itself; otherwise it exits.',
    remedy: 'Find out why the medium of the disk does not answer.',
    fields: ['disk'],
  }),
  defect: logEvent({
    level: 'error',
    sentence: 'a defect ends this gateway',
    meaning: 'This is an error in Allpath. The other gateways fence this one.',
    remedy: 'Report it with `reason`, which is the stack trace.',
    fields: ['reason'],
  }),
  log_lines_suppressed: logEvent({
    level: 'warn',
    sentence: 'this gateway suppressed lines of its log',
    meaning: 'Too many peers and events were rate-limited to count each: the rest share one limit.',
    remedy: 'Look for a flood of connections or logins: the lines before this one name the peers.',
    fields: ['count', 'seconds'],
  }),
};
