import { assert } from '../../base/assert.ts';
import { CSCD_DESCRIPTOR_BYTES, OffsetSegment } from '../standard/third-party-copy.ts';

/** The bounds of EXTENDED COPY, which RECEIVE COPY RESULTS and VPD page 8Fh report. */

export const CSCDS_MAX = 16;
export const SEGMENTS_MAX = 64;

/** MAXIMUM DESCRIPTOR LIST LENGTH, of CSCD and segment descriptors together. */
export const DESCRIPTOR_LIST_BYTES_MAX = 8192;
assert(
  CSCDS_MAX * CSCD_DESCRIPTOR_BYTES + SEGMENTS_MAX * OffsetSegment.$.length <=
    DESCRIPTOR_LIST_BYTES_MAX,
  'a list of as many descriptors as are allowed is not too long',
);

/** MAXIMUM SEGMENT LENGTH. */
export const SEGMENT_BYTES_MAX = 256 * 1024 * 1024;

/** Copies of one nexus at a time, at each logical unit that it sends them to. */
export const COPIES_AT_ONCE_MAX = 16;
/** Ended copies that a nexus can still ask for, at each of these logical units. */
export const COPIES_REMEMBERED_MAX = 16;

/** DATA SEGMENT GRANULARITY, as a power of two: 512 bytes, the alignment of every medium. */
export const SEGMENT_GRANULARITY_EXPONENT = 9;

/** Steps of one copy that are under way at a time; each has a buffer. */
export const COPY_STEPS_AT_ONCE = 4;

/** How much of a segment one search for holes covers, and how many extents it may return. */
export const HOLE_SEARCH_BYTES = 64 * 1024 * 1024;
export const HOLE_SEARCH_EXTENTS_MAX = 256;

/** MAXIMUM RANGE DESCRIPTORS of a token and of a WRITE USING TOKEN: a token holds its ranges. */
export const TOKEN_RANGES_MAX = 24;
/** MAXIMUM TOKEN TRANSFER SIZE, of a token and of a WRITE USING TOKEN. */
export const TOKEN_TRANSFER_BYTES_MAX = 256 * 1024 * 1024;
/** OPTIMAL TRANSFER COUNT: Windows gives up an offloaded copy that takes more than 4 s. */
export const TOKEN_TRANSFER_BYTES_OPTIMAL = 64 * 1024 * 1024;

/** How long a token is honoured after it was made, in seconds. */
export const TOKEN_LIFETIME_S = 300;
export const TOKEN_LIFETIME_MAX_S = 600;
assert(TOKEN_LIFETIME_S <= TOKEN_LIFETIME_MAX_S, 'a token may live as long as it does by default');

/** Copies with an identifier of 32 bits that a gateway knows, and those of one nexus's end. */
export const IDENTIFIED_COPIES_MAX = 1024;
export const IDENTIFIED_COPIES_OF_INITIATOR_MAX = 64;
assert(
  COPIES_AT_ONCE_MAX < IDENTIFIED_COPIES_OF_INITIATOR_MAX,
  'an initiator can have its copies in progress, and ask for others',
);
/** How long a copy that has ended can be asked for. */
export const IDENTIFIED_COPY_KEPT_MS = 60_000;
