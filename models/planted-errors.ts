import type { Settings } from './configurations.ts';

/** An error that the model must show: a macro of `unit-event.pml`. */
export interface PlantedError {
  /** Of `docs/internals/unit-event.md`: the step that the error breaks. */
  readonly step: string;
  readonly error: string;
  readonly settings: Settings;
}

const joining: Settings = { JOINERS: 1 };
const selfFencing: Settings = { SELF_FENCES: 1 };

export const plantedErrors: Readonly<Record<string, PlantedError>> = {
  SLOT_OVERWRITTEN: {
    step: 'O2',
    error: 'the next event is committed before the one in the slot is complete',
    settings: { EVENTS: 2 },
  },
  MARK_AFTER_COMMIT: { step: 'O3', error: 'the mark is set after the commit', settings: {} },
  SERIAL_NOT_LOOKED_FOR: {
    step: 'O5',
    error: 'after a lost answer the change is committed again without looking for its serial',
    settings: { LOST_ANSWERS: 1 },
  },
  MEMBERS_BEFORE_COMMIT: {
    step: 'O7',
    error: 'the members are read before the commit',
    settings: joining,
  },
  CLOSED_NOT_COUNTED: {
    step: 'O7',
    error: 'a closed member whose fence is not finished is not waited for',
    settings: {},
  },
  ACK_OF_CLOSED_COUNTS: {
    step: 'O7',
    error: 'the acknowledgement of a member that is closed meanwhile counts',
    settings: selfFencing,
  },
  MEMBERS_READ_ONE_BY_ONE: {
    step: 'O7',
    error: 'what is known of each member comes from reads of different moments',
    settings: selfFencing,
  },
  ANSWERED_EARLY: { step: 'O8', error: 'a command is answered once committed', settings: {} },
  SETTLED_EARLY: {
    step: 'O9',
    error: 'an event is settled before all have acknowledged it',
    settings: {},
  },
  MARK_TAKEN_OUTCOME_UNKNOWN: {
    step: 'O10',
    error: 'the mark is taken away while a compare-and-set is on its way',
    settings: { ABANDONED: 1 },
  },
  MARK_TAKEN_BY_SETTLER: {
    step: 'O10',
    error: 'the mark of a living origin is taken away by who settles its event',
    settings: {},
  },
  ACK_BY_ANSWER_ONLY: {
    step: 'G1',
    error: 'an event is heard of, and acknowledged, by notifications alone',
    settings: {},
  },
  TOLD_TWICE: {
    step: 'G2',
    error: 'an event is applied again when another gateway completes it',
    settings: {},
  },
  APPLY_TELLS_NOBODY: {
    step: 'G3',
    error: 'to apply an event of its own does not tell the command that waits',
    settings: { EVENTS: 2, LOST_ANSWERS: 1 },
  },
  ASKER_TOLD: {
    step: 'G3',
    error: 'an event of its own that it hears of by a notification is taken for one of another',
    settings: {},
  },
  APPLY_WAITS_FOR_OWN: {
    step: 'G3',
    error: 'an event of another is applied when the own command has ended',
    settings: { EVENTS: 2 },
  },
  CHECKED_AT_ADMISSION_ONLY: {
    step: 'G4',
    error: 'a write is not checked again when its data has come',
    settings: {},
  },
  NO_DRAIN: { step: 'G5', error: 'submitted writes are not waited for', settings: {} },
  ASKER_DRAINED: { step: 'G5', error: 'the command that asks is waited for, too', settings: {} },
  NO_SELF_FENCE: { step: 'G6', error: 'a write that does not end is waited for', settings: {} },
  NO_SELF_FENCE_BARRIER: {
    step: 'G6',
    error: 'after a self-fence it acknowledges before all have passed the epoch',
    settings: selfFencing,
  },
  READ_BEFORE_OPEN: {
    step: 'J2',
    error: 'a joiner reads the record before it opens',
    settings: joining,
  },
  ABSENT_WITHOUT_NUMBER: {
    step: 'J3',
    error: 'a heartbeat says of a unit that is not in the table no number of an event',
    settings: joining,
  },
  ACK_WHILE_LOADING: {
    step: 'J4',
    error: 'a unit that loads an older state is acknowledged',
    settings: joining,
  },
  JOINER_WAITS: {
    step: 'J5',
    error: 'a joiner waits until the slot is settled, and acknowledges when it serves',
    settings: joining,
  },
  TOLD_WHILE_LOADING: {
    step: 'J6',
    error: 'what is heard of while loading tells a nexus that logs in later',
    settings: joining,
  },
  LEAVES_TABLE_EARLY: {
    step: 'J7',
    error: 'a unit leaves the table while a write of it is in flight',
    settings: { UNLOADS: 1 },
  },
  RECORDS_NOT_FENCED: {
    step: 'F2',
    error: 'the client instance of the records is not put on the blocklist',
    settings: {},
  },
  NO_FENCE_BARRIER: {
    step: 'F3',
    error: 'a fence is finished before all have passed its epoch',
    settings: {},
  },
  NO_TIME_AFTER_CLOSING: {
    step: 'F4',
    error: 'a fence is finished while its gateway may take commands yet',
    settings: {},
  },
  RECORD_READ_WHILE_HOLDING: {
    step: 'F5',
    error: 'a gateway that holds uses the record',
    settings: { HOLDS: 1 },
  },
  SUBMITS_WHILE_HOLDING: {
    step: 'F5',
    error: 'a gateway that holds submits',
    settings: { HOLDS: 1, SELF_FENCES: 1 },
  },
  LEAVES_UNDRAINED: {
    step: 'F6',
    error: 'a gateway leaves while a write of it is in flight',
    settings: {},
  },
  OWN_EVENT_NOT_COMPLETED: {
    step: 'C1',
    error: 'an event of its own that no command waits for is left to others',
    settings: { ABANDONED: 1 },
  },
  FINISHED_ORIGIN_NOT_COMPLETED: {
    step: 'C2',
    error: 'the event of an origin that is gone is left where it is',
    settings: {},
  },
  MARK_TAKEN_BEFORE_FINISHED: {
    step: 'C3',
    error: 'the mark of a closed origin is taken away before its fence is finished',
    settings: {},
  },
  REPORTED_EARLY: { step: 'C4', error: 'a state is reported before it is settled', settings: {} },
};
