import { logEvent } from '../log-event.ts';

export const diskEvents = {
  disk_not_served: logEvent({
    level: 'error',
    sentence: 'this gateway cannot open a disk and does not serve it',
    meaning: 'It serves all other disks, and tries again every few seconds.',
    remedy: 'Fix the cause in `reason`; `allpath status` names the disk until it is served.',
    fields: ['disk', 'reason'],
  }),
  disk_served_again: logEvent({
    level: 'info',
    sentence: 'this gateway serves a disk again',
    meaning: 'It could open the disk at a later attempt.',
    fields: ['disk'],
  }),
  disk_size_differs: logEvent({
    level: 'warn',
    sentence: 'the volume of a disk does not have the size that the document says',
    meaning: 'Initiators see the size of the volume.',
    remedy: 'Set the correct size with `allpath disk resize`.',
    fields: ['disk', 'sizeBytes', 'documentBytes'],
  }),
  space_exhausted: logEvent({
    level: 'warn',
    sentence: 'a write to a disk found no space',
    meaning: 'The store or pool is full, or its quota is used up. The write ended DATA PROTECT.',
    remedy: 'Free some space, or raise the quota.',
    fields: ['disk', 'usedBytes?', 'availableBytes?'],
  }),
  space_available: logEvent({
    level: 'info',
    sentence: 'writes to a disk find space again',
    meaning: 'No write was refused for 30 s, and the store has space.',
    fields: ['disk'],
  }),
  space_unknown: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot find out how full the store is',
    meaning: 'Initiators get no warning when the store becomes full.',
    remedy: 'Fix the cause in `reason`.',
    fields: ['reason'],
  }),
  volume_lock_holder_ended: logEvent({
    level: 'warn',
    sentence: 'this gateway killed a stopped process that held a lock on blocks of a volume',
    meaning: 'Commands that needed those blocks waited for it.',
    remedy: 'Find out what stopped it: SIGSTOP, a debugger, a frozen container.',
    fields: ['volume', 'holderPid'],
  }),
  shared_memory_missing: logEvent({
    level: 'warn',
    sentence: 'this gateway cannot share memory with the other gateways of its store',
    meaning: 'A read may return a block that another gateway has half written.',
    remedy: 'Give all gateways of the store one writable `/dev/shm`.',
    fields: ['reason'],
  }),
};
