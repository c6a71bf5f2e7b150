import type { PlantedError } from '../../../sim/planted-errors.ts';

/** Which planted errors random programs find; of each other one, the reason that they do not. */
export const plantedInPrograms: Readonly<
  Record<PlantedError, 'found' | { readonly because: string }>
> = {
  eventNotApplied: 'found',
  answeredEarly: 'found',
  notDrained: 'found',
  slotOverwritten: 'found',
  appliedTwice: 'found',
  attentionLost: 'found',
  toldTwice: { because: 'a gateway takes an event again only while it looks after a mark' },
  askerTold: 'found',
  markNotSet: 'found',
  markTakenEarly: 'found',
  closedNotCounted: { because: 'no gateway of a program is closed' },
  membersNotRead: { because: 'all gateways have joined before a program begins' },
  readBeforeOpen: { because: 'all gateways have joined before a program begins' },
  marksNotRead: { because: 'no gateway ends with an event that it has not completed' },
  reserveOfDeadKept: { because: 'no gateway of a program ends' },
  noBarrier: { because: 'no gateway of a program is fenced' },
  notEnded: { because: 'no gateway of a program is fenced' },
  pausedSocketsRead: { because: 'no gateway of a program is paused, and none has sockets' },
  earlyAcknowledgement: { because: 'the medium of a program is in memory, and loses nothing' },
};
