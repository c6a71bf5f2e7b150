import { logEvent } from '../log-event.ts';

export const membershipEvents = {
  membership_left: logEvent({
    level: 'warn',
    sentence: 'this gateway left the membership and drops its sessions',
    meaning:
      '`closed`: another gateway fences it. `cut`: it saw no sign of the cluster for too long. ' +
      '`stalled`: its event loop stood still for 4 s or more. It serves again by itself.',
    remedy: 'Look for the cause on its host and its network: load, swapping, lost links.',
    fields: ['reason'],
  }),
  fence_begun: logEvent({
    level: 'warn',
    sentence: 'this gateway is fencing another gateway',
    meaning: 'What the other one has begun is kept from being seen done later.',
    remedy: 'See `reason`, and the log of that gateway.',
    fields: ['member', 'reason'],
  }),
  fence_not_finished: logEvent({
    level: 'warn',
    sentence: 'this gateway could not finish a fence',
    meaning: 'Every gateway tries again, for as long as it takes.',
    remedy: 'Mend what `reason` says; on Ceph, check that the monitors answer.',
    fields: ['member?', 'reason'],
  }),
  fence_finished: logEvent({
    level: 'info',
    sentence: 'this gateway has fenced another gateway',
    meaning: 'Nothing that the other one had begun is seen done from now on.',
    fields: ['member'],
  }),
};
