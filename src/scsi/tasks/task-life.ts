import { InvariantBroken } from '../../base/assert.ts';

/**
 * The state of a command. The order matters: from `running` on, its handler was called and has not
 * settled; from `aborting` on, its handler's result is dropped.
 */
export const TaskState = {
  idle: 0,
  dormant: 1,
  awaitingData: 2,
  awaitingMedium: 3,
  awaitingLease: 4,
  running: 5,
  uninterruptible: 6,
  settling: 7,
  aborting: 8,
  discarding: 9,
  detachedAborting: 10,
  detachedDiscarding: 11,
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/** An event moves a command from one state to the next. */
export const TaskEvent = {
  /** Its task set takes it, but task attributes do not let it start yet. */
  wait: 0,
  /** Task attributes let it start. */
  start: 1,
  /** Its medium has no room for it. */
  awaitMedium: 2,
  /** Its handler is called. */
  run: 3,
  /** The same, for a command whose true status goes out even if it is aborted. */
  runUninterruptible: 4,
  /** Its handler is done. */
  settle: 5,
  /** The state of its logical unit forbids it before it runs. */
  refuse: 6,
  /** Its transport gives it up. */
  fail: 7,
  /** Its LUN left the LUN map. */
  leave: 8,
  /** Another initiator aborts it, and TAS is 1: TASK ABORTED goes out. */
  abort: 9,
  /** Its own initiator aborts it, or is gone, or TAS is 0: nothing goes out. */
  discard: 10,
  /** Its tag is used for a second command: nothing goes out, not even a true status. */
  silence: 11,
  /** Aborts no longer wait for the medium. */
  detach: 12,
  /** Its answer would come from memory, and the lease of this gateway's memory is over. */
  awaitLease: 13,
} as const;
export type TaskEvent = (typeof TaskEvent)[keyof typeof TaskEvent];

/** How a command is aborted: whether TASK ABORTED or nothing goes out. */
export type AbortEvent = typeof TaskEvent.abort | typeof TaskEvent.discard;

export type TaskStateName = keyof typeof TaskState;
export type TaskEventName = keyof typeof TaskEvent;

interface TaskLifeRow {
  readonly comment: string;
  /**
   * The state after each event that may happen in this one; any other event is a programming error.
   */
  readonly next: Readonly<Partial<Record<TaskEventName, TaskStateName>>>;
}

/** Events that end a command whose handler was not called. */
const ENDS_AT_ONCE = { fail: 'idle', leave: 'idle', abort: 'idle', discard: 'idle' } as const;

/** The life of a command from its arrival to its end. */
export const taskLife: Readonly<Record<TaskStateName, TaskLifeRow>> = {
  idle: {
    comment: 'In no task set: not taken yet, or ended.',
    next: { wait: 'dormant', start: 'awaitingData' },
  },
  dormant: {
    comment: 'In its task set; its attribute, or that of others there, does not let it start.',
    next: { start: 'awaitingData', ...ENDS_AT_ONCE },
  },
  awaitingData: {
    comment: 'Started. Waits for data-out, or for memory for data-in, if it needs any.',
    next: {
      awaitMedium: 'awaitingMedium',
      awaitLease: 'awaitingLease',
      run: 'running',
      runUninterruptible: 'uninterruptible',
      refuse: 'idle',
      ...ENDS_AT_ONCE,
    },
  },
  awaitingMedium: {
    comment: 'Waits until its medium has room for it.',
    next: {
      awaitLease: 'awaitingLease',
      run: 'running',
      runUninterruptible: 'uninterruptible',
      refuse: 'idle',
      ...ENDS_AT_ONCE,
    },
  },
  awaitingLease: {
    comment: 'Waits until this gateway may answer from memory again.',
    next: { start: 'awaitingData', ...ENDS_AT_ONCE },
  },
  running: {
    comment: 'With its handler: the medium may act for it.',
    next: {
      settle: 'idle',
      fail: 'running',
      leave: 'running',
      abort: 'aborting',
      discard: 'discarding',
      silence: 'discarding',
    },
  },
  uninterruptible: {
    comment: 'With its handler, and an abort waits for its true status (COMPARE AND WRITE).',
    next: {
      settle: 'idle',
      fail: 'uninterruptible',
      leave: 'uninterruptible',
      abort: 'settling',
      discard: 'settling',
      silence: 'discarding',
    },
  },
  settling: {
    comment: 'With its handler, and aborted. Its true status goes out.',
    next: {
      settle: 'idle',
      fail: 'settling',
      leave: 'settling',
      abort: 'settling',
      discard: 'settling',
      silence: 'discarding',
      detach: 'detachedDiscarding',
    },
  },
  aborting: {
    comment: 'With its handler, and aborted. TASK ABORTED goes out when it settles.',
    next: {
      settle: 'idle',
      fail: 'aborting',
      leave: 'aborting',
      abort: 'aborting',
      discard: 'discarding',
      silence: 'discarding',
      detach: 'detachedAborting',
    },
  },
  discarding: {
    comment: 'With its handler, and aborted. Nothing goes out, and its tag is free.',
    next: {
      settle: 'idle',
      fail: 'discarding',
      leave: 'discarding',
      // Its initiator may use the tag again: a status would be taken for that of another command.
      abort: 'discarding',
      discard: 'discarding',
      detach: 'detachedDiscarding',
    },
  },
  detachedAborting: {
    comment: 'Out of its task set; the medium has its buffers. TASK ABORTED goes out at the end.',
    next: { settle: 'idle', fail: 'detachedAborting' },
  },
  detachedDiscarding: {
    comment: 'Out of its task set; the medium has its buffers. Nothing goes out.',
    next: { settle: 'idle', fail: 'detachedDiscarding' },
  },
};

const STATES = Object.keys(TaskState) as TaskStateName[];
const EVENTS = Object.keys(TaskEvent) as TaskEventName[];
const EVENT_BITS = 4;
const ILLEGAL = 0xff;

/** The table as the commands read it: the next state by state and event. */
const transitions = compile();

/** The state after an event. Every command calls this a few times. */
export function nextState(state: TaskState, event: TaskEvent): TaskState {
  const next = transitions[(state << EVENT_BITS) | event]!;
  if (next === ILLEGAL) throw illegal(state, event);
  return next as TaskState;
}

function compile(): Uint8Array {
  const compiled = new Uint8Array(STATES.length << EVENT_BITS).fill(ILLEGAL);
  for (const name of STATES) {
    for (const [event, next] of Object.entries(taskLife[name].next)) {
      const at = (TaskState[name] << EVENT_BITS) | TaskEvent[event as TaskEventName];
      compiled[at] = TaskState[next];
    }
  }
  return compiled;
}

function illegal(state: TaskState, event: TaskEvent): InvariantBroken {
  return new InvariantBroken(`a command that is ${STATES[state]} cannot ${EVENTS[event]}`);
}
