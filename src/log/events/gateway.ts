import { logEvent } from '../log-event.ts';

export const gatewayEvents = {
  document_served: logEvent({
    level: 'info',
    sentence: 'this gateway serves a version of the document',
    meaning: 'It has begun to serve, or has changed to a later version.',
    fields: ['version', 'portals'],
  }),
  document_not_served: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot serve the latest version of the document',
    meaning:
      'It cannot read it, or not serve it. It stays with the version that it has, and tries again.',
    remedy: 'Mend what `reason` says; `allpath status` shows the version of each gateway.',
    fields: ['reason'],
  }),
  drain_begun: logEvent({
    level: 'info',
    sentence: 'this gateway asks its initiators to log out',
    meaning: 'It was told to end, and waits for them.',
    fields: ['sessions', 'drainSeconds'],
  }),
  drain_not_announced: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot tell the other gateways that it drains',
    meaning: 'They report its paths as unavailable only when it has left.',
    remedy: 'Check that the store answers, if it recurs.',
    fields: ['reason'],
  }),
  drain_ended: logEvent({
    level: 'info',
    sentence: 'this gateway stopped waiting for its initiators',
    meaning: 'They have logged out, or the time is over: it ends the sessions that are left.',
    fields: ['sessions'],
  }),
  leave_failed: logEvent({
    level: 'warn',
    sentence: 'this gateway could not leave the membership in order',
    meaning: 'The other gateways fence it before they rely on the end of its writes.',
    remedy: 'Check that the store answers, if it recurs.',
    fields: ['reason'],
  }),
  restart_planned: logEvent({
    level: 'info',
    sentence: 'this gateway will try to serve again after a pause',
    meaning: 'It was fenced, or could not start. Pauses grow while that goes on.',
    fields: ['waitMs'],
  }),
  restart_failed: logEvent({
    level: 'warn',
    sentence: 'this gateway could not serve again',
    meaning: 'It tries again after a pause.',
    remedy: 'Mend what `reason` says.',
    fields: ['reason'],
  }),
  writes_not_fenced: logEvent({
    level: 'error',
    sentence: 'this gateway gives up, because it cannot fence stuck writes to a disk',
    meaning: 'It drops all sessions. On Ceph it serves again by itself; else its process ends.',
    remedy: 'Find out why the medium of the disk does not answer.',
    fields: ['disk'],
  }),
  defect: logEvent({
    level: 'error',
    sentence: 'a defect ends this gateway',
    meaning: 'Allpath is wrong. The other gateways fence this one.',
    remedy: 'Report it with `reason`, the stack trace.',
    fields: ['reason'],
  }),
  lines_left_out: logEvent({
    level: 'warn',
    sentence: 'this gateway left out lines of its log',
    meaning: 'More peers and events were limited than it tells apart: the others share one limit.',
    remedy: 'Look for a flood of connections or logins: the lines before this one name peers.',
    fields: ['count', 'seconds'],
  }),
};
