import { logEvent } from '../log-event.ts';

export const unitEvents = {
  unit_change_failed: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot change the shared state of a logical unit',
    meaning: 'A command that asked for the change ends BUSY; other changes are retried.',
    remedy: 'Fix the cause in `reason`.',
    fields: ['uuid', 'reason'],
  }),
  unit_event_not_enforced: logEvent({
    level: 'warn',
    sentence: 'another gateway does not enforce a change of a logical unit',
    meaning: 'It has not answered for 4 s, so this gateway fences it.',
    remedy: 'Look for the cause on the host of that gateway: load, or a medium that hangs.',
    fields: ['member', 'uuid', 'eventNumber'],
  }),
  unit_event_completed: logEvent({
    level: 'info',
    sentence: 'this gateway completed a change of a logical unit for another gateway',
    meaning: 'The other one had started it, and is gone or late. Every gateway enforces it now.',
    fields: ['uuid', 'eventNumber'],
  }),
  unit_event_missed: logEvent({
    level: 'error',
    sentence: 'this gateway missed a change of a logical unit',
    meaning: 'The others no longer count on it. It drops its sessions and serves again by itself.',
    remedy: 'Report it as a defect, with the logs of all gateways.',
    fields: ['uuid'],
  }),
};
