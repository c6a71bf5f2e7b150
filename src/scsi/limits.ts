import { assert } from '../base/assert.ts';

/**
 * The bounds of commands: VPD B0h (Block Limits) tells them and the commands enforce them. In
 * bytes, so that they mean the same with every block length; `limits-in-blocks` gives blocks.
 */

/** MAXIMUM TRANSFER LENGTH. */
export const TRANSFER_LENGTH_MAX_BYTES = 16 * 1024 * 1024;

/** OPTIMAL TRANSFER LENGTH. */
export const TRANSFER_LENGTH_OPTIMAL_BYTES = 1024 * 1024;
assert(
  TRANSFER_LENGTH_OPTIMAL_BYTES <= TRANSFER_LENGTH_MAX_BYTES,
  'the optimal transfer is allowed',
);

/** MAXIMUM PREFETCH LENGTH. */
export const PREFETCH_LENGTH_MAX_BYTES = TRANSFER_LENGTH_MAX_BYTES;

/**
 * MAXIMUM UNMAP LBA COUNT: the sum over the descriptors of one UNMAP. With 512-byte blocks the
 * 1,048,576 blocks that libiscsi's conformance suite takes for the most a sane target tells.
 */
export const UNMAP_MAX_BYTES = 512 * 1024 * 1024;

/** MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT. */
export const UNMAP_DESCRIPTOR_COUNT_MAX = 256;

/** Steps of one UNMAP that are under way at a time. */
export const UNMAP_STEPS_AT_ONCE = 8;

/** MAXIMUM WRITE SAME LENGTH. */
export const WRITE_SAME_LENGTH_MAX_BYTES = TRANSFER_LENGTH_MAX_BYTES;

/** WSNZ: a WRITE SAME of zero blocks (meaning: to the end of the medium) is refused. */
export const WRITE_SAME_NON_ZERO = true;

/** Executions that are kept for use again, over all nexuses. */
export const FREE_EXECUTIONS_MAX = 1024;

/**
 * How long the medium may take to be done with aborted commands that change it, before its volume
 * is fenced.
 */
export const DRAIN_MAX_MS = 2_000;

/** The same for ABORT TASK alone: a COMPARE AND WRITE shall end with its true status. */
export const ABORT_TASK_SETTLE_MAX_MS = 6_000;

/**
 * The answer of a task management function whose fence takes longer than this is that it is
 * rejected: before the shortest common time-out of an abort (15 s, open-iscsi).
 */
export const MANAGEMENT_MAX_MS = 12_000;
assert(DRAIN_MAX_MS <= ABORT_TASK_SETTLE_MAX_MS, 'a true status is waited for longest');
assert(
  ABORT_TASK_SETTLE_MAX_MS + 2 * DRAIN_MAX_MS <= MANAGEMENT_MAX_MS,
  'an abort that is fenced in time is answered before it is rejected',
);

/** A long operation gives others a turn, and can be aborted, after this many bytes. */
export const STEP_BYTES = 4 * 1024 * 1024;

/** VERIFY reads this much at a time into memory that is not the transport's. */
export const VERIFY_STEP_BYTES = 256 * 1024;
/** Buffers for that which are kept when nobody uses them: 2 MiB. */
export const VERIFY_BUFFERS_FREE_MAX = 8;

/** A longer READ goes in steps: a page cache gives 16 MiB in one turn, which takes milliseconds. */
export const READ_STEP_BYTES = TRANSFER_LENGTH_OPTIMAL_BYTES;
/** Steps of one READ that are under way at a time. */
export const READ_STEPS_AT_ONCE = 8;

/** GET LBA STATUS looks so far in one step: the medium may have to search object by object. */
export const ALLOCATION_STEP_BYTES = 64 * 1024 * 1024;

/**
 * Commands with data that the medium of a logical unit has from one gateway at a time, and the
 * bytes that they move; what is beyond waits, and nexuses take turns. More gains nothing where a
 * medium works off what it has in the order of its coming, and the next command of each nexus waits
 * for all of it.
 */
export const MEDIUM_COMMANDS_MAX = 256;
export const MEDIUM_BYTES_MAX = 32 * 1024 * 1024;
assert(TRANSFER_LENGTH_MAX_BYTES <= MEDIUM_BYTES_MAX, 'the medium can have the longest transfer');
/** A command that the medium has had for so long keeps nobody else away from it. */
export const MEDIUM_SLOW_MS = 1_000;
assert(MEDIUM_SLOW_MS < DRAIN_MAX_MS, 'what is slow keeps nobody away before it is fenced');

/** Commands that waited for their medium move so much in one turn of the event loop. */
export const MEDIUM_TURN_BYTES = 1024 * 1024;

/**
 * Steps that the media of a gateway have at a time, for all nexuses together. With the buffers of
 * VERIFY they take 16 MiB.
 */
export const STEPS_AT_ONCE_MAX = 64;

/** Of these, steps of one logical unit: one whose medium hangs leaves room for the others. */
export const STEPS_OF_UNIT_MAX = 8;
assert(STEPS_OF_UNIT_MAX < STEPS_AT_ONCE_MAX, 'one logical unit does not take all steps');
assert(UNMAP_STEPS_AT_ONCE <= STEPS_OF_UNIT_MAX, 'an UNMAP has no more steps than its unit');
assert(READ_STEPS_AT_ONCE <= STEPS_OF_UNIT_MAX, 'a READ has no more steps than its unit');

/** Steps that the media are slow with, which no longer count: 64 MiB with the buffers of VERIFY. */
export const STEPS_SLOW_MAX = 256;

/** Steps of one turn of the event loop touch so many bytes: a fraction of a millisecond. */
export const STEPS_TURN_BYTES = 1024 * 1024;
assert(VERIFY_STEP_BYTES <= STEPS_TURN_BYTES, 'a step takes no more than a turn');
assert(READ_STEP_BYTES <= STEPS_TURN_BYTES, 'a step takes no more than a turn');

/**
 * What a step, or a command that waited for its medium, counts for at least in its turn. A step
 * whose result comes in a later turn counts for no more.
 */
export const STEP_COST_MIN_BYTES = 16 * 1024;
assert(STEP_COST_MIN_BYTES <= STEPS_TURN_BYTES, 'a turn has room for a step');
assert(STEPS_AT_ONCE_MAX <= STEPS_SLOW_MAX, 'what the media are slow with makes room for as much');
assert(STEP_COST_MIN_BYTES <= MEDIUM_TURN_BYTES, 'a turn has room for a command that waited');
assert(MEDIUM_TURN_BYTES <= MEDIUM_BYTES_MAX, 'a turn lets in no more than the medium may have');
