import { assert } from '../base/assert.ts';

/** A member shows that it lives this often. */
export const HEARTBEAT_INTERVAL_MS = 500;
/**
 * A heartbeat sent later than this after it was due is a gap: a member with a gap suspects no
 * other.
 */
export const HEARTBEAT_LATE_MAX_MS = 250;
/** A heartbeat confirmed later than this is a gap too. */
export const HEARTBEAT_CONFIRM_MAX_MS = 1_000;
/**
 * A member whose heartbeat does not change over this many consecutive heartbeats of an observer is
 * fenced.
 */
export const SUSPICION_HEARTBEATS = 8;
/** Heartbeats of a process that has ended which may land yet: it had one in flight at a time. */
export const LATE_HEARTBEATS_MAX = 1;
/** A member that neither passes an epoch nor holds over this many (2 s) is fenced. */
export const BARRIER_HEARTBEATS = 4;

/** If a barrier takes longer than this, the member holds new submissions until it has passed. */
export const BARRIER_HOLD_AFTER_MS = 500;
/** A member that holds for longer is cut off. */
export const HOLD_MAX_MS = 5_000;
/** A barrier that could not be tried is tried again after this. */
export const BARRIER_RETRY_MS = 100;

/** A member that sees a fence unfinished for this long takes it over. */
export const FENCE_RESUME_AFTER_MS = 1_000;
/** Members do so one after the other, by rank, this far apart. */
export const FENCE_RESUME_RANK_MS = 100;
/** A monitor that does not answer within this leaves the fence undone; it is tried again. */
export const MONITOR_CONFIRM_MAX_MS = 5_000;

/** Interval of reads while a member waits for the others to pass an epoch. */
export const FENCE_POLL_MS = 100;

/** The same of a blocklist command: far above what a monitor takes to commit it. */
export const BLOCKLIST_MAX_MS = 10_000;
/** A joiner that the cluster does not let pass within this fails to join. */
export const JOIN_STEP_MAX_MS = 30_000;

/** How often a member checks whether its own event loop stood still, and whether it is cut off. */
export const STALL_CHECK_INTERVAL_MS = 250;
/** After a longer gap of its event loop, a member acts only once it is confirmed to be open. */
export const PAUSE_GAP_MAX_MS = 1_000;
/**
 * A longer gap ends the incarnation: initiators may have failed over, and what lies in the sockets
 * is older than their patience. The gap is seen up to STALL_CHECK_INTERVAL_MS longer than it was,
 * and a stop of less than 4 s must cost nothing.
 */
export const STALL_MAX_MS = 4_000 + STALL_CHECK_INTERVAL_MS;
/** A process of another member that was found stopped at every check for this long is fenced. */
export const STOPPED_MAX_MS = 4_000;
/** At least this many checks must have found it so, also if this gateway itself stood still. */
export const STOPPED_CHECKS_MIN = 3;
/** How often a joiner checks whether a process that it found stopped runs again. */
export const STOPPED_POLL_MS = 100;
/** At least this many witnesses must be silent for a member to be cut off. */
export const WITNESSES_MIN = 3;
/** Less than a suspicion takes: a member that is cut off stops before it is fenced. */
export const WITNESS_SILENCE_MAX_MS = 3_000;
/**
 * When all witnesses are silent for this long, the monitors are asked whether this gateway is
 * fenced.
 */
export const MONITOR_ASK_AFTER_MS = 1_500;
/** A "not fenced" of the monitors postpones a cut for this long. */
export const MONITOR_SILENCE_MAX_MS = 2_000;
/** The bound on all postponements: longer than Ceph takes to find a stopped OSD (20 to 25 s). */
export const CLUSTER_SILENCE_MAX_MS = 30_000;

/**
 * A closed member that has shown no heartbeat for so long takes no command: its next one tells it
 * that it is closed, and if that cannot get through, it is cut off by then.
 */
export const CLOSED_REST_MS =
  HEARTBEAT_INTERVAL_MS + WITNESS_SILENCE_MAX_MS + STALL_CHECK_INTERVAL_MS;

/** How long after it has sent a heartbeat that was confirmed a gateway may answer from memory. */
export const MEMORY_LEASE_MS = 3_000;

/** How long a gateway waits before it takes a new incarnation. */
export const BACK_OFF_MIN_MS = 1_000;
/** After attempts that did not come to serve. */
export const BACK_OFF_MAX_MS = 60_000;
/** After one that had served: with what a join takes it serves again within 30 s. */
export const BACK_OFF_SERVED_MAX_MS = 16_000;
/** A life that served for this long was not flapping: the waits start again. */
export const BACK_OFF_SETTLED_MS = 30_000;

/** A joiner gives up after this many attempts that changes of other members defeated. */
export const JOIN_ATTEMPTS_MAX = 16;
/** Incarnations that are open, or closed and not yet fenced to the end. */
export const INCARNATIONS_MAX = 512;
/** Finished incarnations that are kept to be shown. */
export const FINISHED_KEPT_MAX = 32;
/** Client instances of one incarnation. */
export const INSTANCES_MAX = 64;
export const ADDRESS_LENGTH_MAX = 255;
/** Marks of logical units whose events are not settled: those of all members together. */
export const MARKS_MAX = 1_024;
/** A change of the members object that others' changes defeat so often is given up. */
export const CHANGE_ATTEMPTS_MAX = 256;
/** Bound of the wait before such a change, or one of unknown outcome, is tried again. */
export const CHANGE_RETRY_MAX_MS = 50;
/** If the store does not answer a step of a change for this long, the step is repeated. */
export const STORE_ANSWER_MAX_MS = 5_000;
/** A change that was not made within this, because the store hangs, is given up. */
export const CHANGE_MAX_MS = 20_000;
/** How long one that tells the others of a change waits for their answers. */
export const CHANGE_NOTIFY_TIMEOUT_MS = 500;

assert(
  HEARTBEAT_LATE_MAX_MS < HEARTBEAT_INTERVAL_MS && LATE_HEARTBEATS_MAX < SUSPICION_HEARTBEATS,
  'heartbeats on time are told from late ones, and late ones from signs of life',
);
assert(
  WITNESS_SILENCE_MAX_MS < SUSPICION_HEARTBEATS * HEARTBEAT_INTERVAL_MS,
  'a member that is cut off stops before it is fenced',
);
assert(
  CLOSED_REST_MS < SUSPICION_HEARTBEATS * HEARTBEAT_INTERVAL_MS,
  'a suspected member has rested when it is closed',
);
assert(
  MEMORY_LEASE_MS < SUSPICION_HEARTBEATS * HEARTBEAT_INTERVAL_MS - HEARTBEAT_LATE_MAX_MS &&
    MEMORY_LEASE_MS < CLOSED_REST_MS,
  'a member that is fenced has answered nothing from memory for a while, whatever it has lost',
);
assert(
  PAUSE_GAP_MAX_MS + HEARTBEAT_INTERVAL_MS < CLOSED_REST_MS,
  'a closed member that stood still for too short a time to be in doubt knows it by then',
);
assert(
  BARRIER_HOLD_AFTER_MS < BARRIER_HEARTBEATS * HEARTBEAT_INTERVAL_MS,
  'a member holds, and says so, before it is fenced for an epoch that it has not passed',
);
assert(
  PAUSE_GAP_MAX_MS < STALL_MAX_MS && STALL_CHECK_INTERVAL_MS < PAUSE_GAP_MAX_MS,
  'a gap is seen, and in doubt, before it ends the incarnation',
);
assert(
  MONITOR_ASK_AFTER_MS < WITNESS_SILENCE_MAX_MS && MONITOR_SILENCE_MAX_MS < CLUSTER_SILENCE_MAX_MS,
  'the monitors are asked before silence is a cut, and their answers are bounded',
);
assert(
  STOPPED_CHECKS_MIN * HEARTBEAT_INTERVAL_MS < STOPPED_MAX_MS,
  'the checks that find a process stopped fit into the time for which it may be stopped',
);
assert(
  BACK_OFF_MIN_MS < BACK_OFF_SERVED_MAX_MS && BACK_OFF_SERVED_MAX_MS < BACK_OFF_MAX_MS,
  'attempts that come to nothing wait longest',
);
assert(
  CHANGE_RETRY_MAX_MS < STORE_ANSWER_MAX_MS && STORE_ANSWER_MAX_MS < CHANGE_MAX_MS,
  'a change is tried again before it is given up',
);
assert(
  FINISHED_KEPT_MAX < INCARNATIONS_MAX,
  'finished incarnations leave room for those that are not',
);
