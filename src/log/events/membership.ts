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
  members_not_understood: logEvent({
    level: 'error',
    sentence: 'this gateway cannot understand what the others say in the members object',
    meaning: 'It is damaged, or a later release wrote it. Other gateways will fence this one.',
    remedy: 'See `reason`; run no release beside one that is older than the release before it.',
    fields: ['reason'],
  }),
  fence_started: logEvent({
    level: 'warn',
    sentence: 'this gateway is fencing another gateway',
    meaning: 'Nothing that the other one has started will take effect after the fence.',
    remedy: 'See `reason`, and the log of that gateway.',
    fields: ['member', 'reason'],
  }),
  fence_not_finished: logEvent({
    level: 'warn',
    sentence: 'this gateway could not finish a fence',
    meaning: 'Every gateway retries, for as long as it takes.',
    remedy: 'Fix the cause in `reason`; on Ceph, check that the monitors answer.',
    fields: ['member?', 'reason'],
  }),
  fence_finished: logEvent({
    level: 'info',
    sentence: 'this gateway has fenced another gateway',
    meaning: 'Nothing that the other one had started takes effect from now on.',
    fields: ['member'],
  }),
};
