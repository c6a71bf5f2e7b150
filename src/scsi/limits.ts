import { assert } from '../base/assert.ts';

/**
 * The bounds of commands: VPD B0h (Block Limits) reports them and the commands enforce them. In
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
 * MAXIMUM UNMAP LBA COUNT: the sum over the descriptors of one UNMAP. With 512-byte blocks that is
 * 1,048,576 blocks, the most that libiscsi's conformance suite accepts.
 */
export const UNMAP_MAX_BYTES = 512 * 1024 * 1024;

/** MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT. */
export const UNMAP_DESCRIPTOR_COUNT_MAX = 256;

/** Steps of one UNMAP that are under way at a time. */
export const UNMAP_STEPS_AT_ONCE = 8;

/** MAXIMUM WRITE SAME LENGTH. */
export const WRITE_SAME_LENGTH_MAX_BYTES = TRANSFER_LENGTH_MAX_BYTES;

/**
 * The one length of WRITE ATOMIC, and its alignment: a page, which no store divides. It is equal to
 * the maximum because an initiator may use any multiple of a smaller granularity at any alignment,
 * and some of these ranges would cross an atomic boundary of the medium.
 */
export const ATOMIC_WRITE_BYTES = 4096;

/** WSNZ: a WRITE SAME of zero blocks (meaning: to the end of the medium) is refused. */
export const WRITE_SAME_NON_ZERO = true;

/**
 * Logical units of a TARGET RESET whose events are under way at a time. Each is committed soon
 * after it is begun or not at all, and they share the processors of the gateways.
 */
export const UNITS_CHANGED_AT_ONCE = 32;

/** Executions that are kept for reuse, over all nexuses. */
export const FREE_EXECUTIONS_MAX = 1024;

/** How long aborted commands may keep changing the medium before its volume is fenced. */
export const DRAIN_MAX_MS = 2_000;

/** The same for ABORT TASK alone: a COMPARE AND WRITE shall end with its true status. */
export const ABORT_TASK_SETTLE_MAX_MS = 6_000;

/** How long a volume that was fenced takes at most to report what it had. */
export const FENCED_REPORT_MAX_MS = 1_000;

assert(DRAIN_MAX_MS <= ABORT_TASK_SETTLE_MAX_MS, 'a true status is waited for longest');

/** A long operation gives others a turn, and can be aborted, after this many bytes. */
export const STEP_BYTES = 4 * 1024 * 1024;

/** VERIFY reads this much at a time into memory that is not the transport's. */
export const VERIFY_STEP_BYTES = 256 * 1024;
/** Unused buffers of VERIFY that are kept: 2 MiB. */
export const VERIFY_BUFFERS_FREE_MAX = 8;

/**
 * A longer READ works in steps: a page cache returns 16 MiB in one turn, which takes milliseconds.
 */
export const READ_STEP_BYTES = TRANSFER_LENGTH_OPTIMAL_BYTES;
/** Steps of one READ that are under way at a time. */
export const READ_STEPS_AT_ONCE = 8;

/** The range that GET LBA STATUS searches in one step: the medium may search object by object. */
export const ALLOCATION_STEP_BYTES = 64 * 1024 * 1024;

/**
 * Commands with data that one gateway submits to the medium of a logical unit at a time, and the
 * bytes that they move; the rest wait, and nexuses take turns. More would gain nothing: a medium
 * that works in order of arrival would make the next command of each nexus wait for all of them.
 */
export const MEDIUM_COMMANDS_MAX = 256;
export const MEDIUM_BYTES_MAX = 32 * 1024 * 1024;
assert(TRANSFER_LENGTH_MAX_BYTES <= MEDIUM_BYTES_MAX, 'the medium can have the longest transfer');
/** A command that the medium has had for this long no longer counts against the bounds above. */
export const MEDIUM_SLOW_MS = 1_000;
assert(MEDIUM_SLOW_MS < DRAIN_MAX_MS, 'what is slow keeps nobody away before it is fenced');

/** Bytes that commands which waited for their medium may move in one turn of the event loop. */
export const MEDIUM_TURN_BYTES = 1024 * 1024;

/**
 * Steps that a gateway submits to its media at a time, for all nexuses together. With the buffers
 * of VERIFY they take 16 MiB.
 */
export const STEPS_AT_ONCE_MAX = 64;

/** Of these, steps of one logical unit: one whose medium hangs leaves room for the others. */
export const STEPS_OF_UNIT_MAX = 8;
assert(STEPS_OF_UNIT_MAX < STEPS_AT_ONCE_MAX, 'one logical unit does not take all steps');
assert(UNMAP_STEPS_AT_ONCE <= STEPS_OF_UNIT_MAX, 'an UNMAP has no more steps than its unit');
assert(READ_STEPS_AT_ONCE <= STEPS_OF_UNIT_MAX, 'a READ has no more steps than its unit');

/** Bound on slow steps, which no longer count above: 64 MiB with the buffers of VERIFY. */
export const STEPS_SLOW_MAX = 256;

/** Bytes that the steps of one turn of the event loop touch: a fraction of a millisecond. */
export const STEPS_TURN_BYTES = 1024 * 1024;
assert(VERIFY_STEP_BYTES <= STEPS_TURN_BYTES, 'a step takes no more than a turn');
assert(READ_STEP_BYTES <= STEPS_TURN_BYTES, 'a step takes no more than a turn');

/**
 * The least that a step, or a command that waited for its medium, counts in its turn. A step whose
 * result comes in a later turn counts only this much.
 */
export const STEP_COST_MIN_BYTES = 16 * 1024;
assert(STEP_COST_MIN_BYTES <= STEPS_TURN_BYTES, 'a turn has room for a step');
assert(STEPS_AT_ONCE_MAX <= STEPS_SLOW_MAX, 'what the media are slow with makes room for as much');
assert(STEP_COST_MIN_BYTES <= MEDIUM_TURN_BYTES, 'a turn has room for a command that waited');
assert(MEDIUM_TURN_BYTES <= MEDIUM_BYTES_MAX, 'a turn lets in no more than the medium may have');
