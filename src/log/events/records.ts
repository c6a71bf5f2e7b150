import { logEvent } from '../log-event.ts';

export const recordEvents = {
  watch_lost: logEvent({
    level: 'info',
    sentence: 'this gateway lost its watch of a channel and watches it again',
    meaning: 'Notifications that are sent in between do not reach it.',
    fields: ['channel'],
  }),
  watch_failed: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot watch a channel',
    meaning:
      'It tries again. Until then it learns of changes later, and commands may not reach it.',
    remedy: 'Fix the cause in `reason`, if `watch_restored` does not follow.',
    fields: ['channel', 'reason'],
  }),
  watch_restored: logEvent({
    level: 'info',
    sentence: 'this gateway watches a channel again',
    meaning: 'It follows `watch_failed`.',
    fields: ['channel'],
  }),
  records_thread_failed: logEvent({
    level: 'error',
    sentence: 'the thread that reads and changes records failed',
    meaning: 'This process can neither read nor change records from now on.',
    remedy: 'Fix the cause in `reason`, and restart the process.',
    fields: ['reason'],
  }),
  member_entry_misnamed: logEvent({
    level: 'warn',
    sentence: 'the file name of a member entry does not match its incarnation',
    meaning: 'The entry is ignored.',
    remedy: 'Remove the file from `run` in the store, if a person or a program copied it there.',
    fields: ['file'],
  }),
  member_entry_unreadable: logEvent({
    level: 'warn',
    sentence: 'this process cannot read a member entry',
    meaning: 'The entry is ignored.',
    remedy: 'Fix the cause in `reason`; remove the file from `run` in the store if it is damaged.',
    fields: ['file', 'reason'],
  }),
  member_entry_removed: logEvent({
    level: 'warn',
    sentence: 'the member entry of this gateway was removed, so the gateway makes it again',
    meaning: 'Nobody but the gateway may change `run` in the store.',
    remedy: 'Find out what cleans that folder, and keep it from doing so.',
    fields: [],
  }),
  member_entry_not_written: logEvent({
    level: 'error',
    sentence: 'this gateway cannot write its member entry',
    meaning: 'Other members and commands cannot reach it. It tries again.',
    remedy: 'Fix the cause in `reason`.',
    fields: ['reason'],
  }),
  notification_refused: logEvent({
    level: 'warn',
    sentence: 'this gateway refused a notification',
    meaning: 'A process wrote bytes to its socket that this release cannot read as a notification.',
    remedy: 'Use one release for all gateways and commands of a store.',
    fields: ['reason'],
  }),
  store_locked: logEvent({
    level: 'warn',
    sentence: 'a running process has held the store locked for 2 s',
    meaning: 'All changes of records wait for it.',
    remedy: 'See what it does (a backup, an SQLite shell); end it if it does not finish.',
    fields: ['holderPid'],
  }),
  store_lock_holder_unknown: logEvent({
    level: 'warn',
    sentence: 'this process cannot see which process holds the store locked',
    meaning: 'It checks again. Until then, a stopped process would block all others.',
    remedy: 'Fix the cause in `reason`.',
    fields: ['reason'],
  }),
  store_lock_holder_ended: logEvent({
    level: 'warn',
    sentence: 'this process killed a stopped process that held the store locked',
    meaning: 'All changes of records waited for it.',
    remedy: 'Find out what stopped it: SIGSTOP, a debugger, a frozen container.',
    fields: ['holderPid'],
  }),
  store_lock_holder_not_ended: logEvent({
    level: 'error',
    sentence: 'this process cannot kill a stopped process that holds the store locked',
    meaning: 'All changes of records wait for it.',
    remedy: 'Continue or kill it as its user, or as root.',
    fields: ['holderPid'],
  }),
};
