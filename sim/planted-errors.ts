import type { Store } from '../src/gateway/store.ts';
import { eventErrors } from './planted/event-errors.ts';
import { storeErrors } from './planted/store-errors.ts';

/** Errors that the simulation must find; each breaks one assumption of the design. */
export const plantedErrors = {
  noBarrier: 'a gateway says that it has passed a barrier, and has not',
  pausedSocketsRead: 'after a long pause a gateway goes on as if no time had passed',
  notEnded: 'a process that is to be fenced is said to have ended, and goes on',
  earlyAcknowledgement: 'a write is acknowledged before the store has it',
  eventNotApplied: 'a gateway acknowledges an event before it applies it',
  answeredEarly: 'an event counts as enforced before the other gateways enforce it',
  notDrained: 'a gateway acknowledges an event before what it aborts or forbids is over',
  closedNotCounted: 'a gateway whose fence is not finished is not waited for',
  membersNotRead: 'the members are not read after the commit, so one that has joined is left out',
  markNotSet: 'no mark is set before the commit',
  markTakenEarly: 'a mark is removed before its event is settled',
  marksNotRead: 'marked units are not read, neither after a fence nor at all',
  slotOverwritten: 'an event is committed while the one before is not enforced',
  appliedTwice: 'after a lost answer a change is made again without a look at the record',
  readBeforeOpen: 'a gateway loads units by records that it read before it opened',
  attentionLost: 'an event that a gateway learns by its record tells nobody',
  toldTwice: 'an event that is notified again tells again',
  askerTold: 'the nexus that asked for an event is told of it',
  reserveOfDeadKept: 'what a lost session of a fenced gateway held by RESERVE stays reserved',
} as const;

export type PlantedError = keyof typeof plantedErrors;

/** The store of a gateway, with the error in it if it is an error of the store. */
export function withPlanted(store: Store, planted: PlantedError | undefined): Store {
  if (planted === undefined || !isOf(storeErrors, planted)) return store;
  return storeErrors[planted](store);
}

/** Puts the error into the code of all gateways, if it is one of the event; returns the undo. */
export function plant(planted: PlantedError | undefined): () => void {
  if (planted === undefined || !isOf(eventErrors, planted)) return () => {};
  return eventErrors[planted]();
}

function isOf<Errors extends object>(errors: Errors, name: PropertyKey): name is keyof Errors {
  return name in errors;
}
