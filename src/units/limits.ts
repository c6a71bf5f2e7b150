import { assert } from '../base/assert.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX, VALUE_LENGTH_MAX } from '../records/records.ts';
import { STATE_AND_EVENT_LENGTH_MAX } from '../scsi/unit-codec.ts';

/** The bounds of the agreement on logical units. */

/** A change that a command asks for is committed within this, or not at all. */
export const COMMIT_MAX_MS = 1_500;
/** How often members that have not acknowledged an event are notified. */
export const NOTIFY_INTERVAL_MS = 500;
/** How long an answer waits for this gateway to enforce the event; it will be asked again. */
export const ANSWER_MAX_MS = 2_000;
/** Time to the next attempt when the store does not answer or may not be used. */
export const RETRY_MS = 50;
/**
 * A living member that has not acknowledged an event for so long is fenced. Its fence may wait up
 * to 3.75 s until the member takes no command, so the event ends within 8 s.
 */
export const SILENCE_MAX_MS = 4_000;
/** Only while the store answers the author within this: otherwise the store may be slow. */
export const STORE_CONFIRM_MAX_MS = 1_000;
/** After this time without an event the last one is written as settled, the mark removed. */
export const SETTLE_AFTER_MS = 1_000;
/** Other members complete an event that is not settled after this. */
export const UNSETTLED_MAX_MS = 8_000;
/** Members that complete another's event take turns: each rank begins this much later. */
export const RANK_MS = 100;
/** How often the record of a marked logical unit is read. */
export const MARKED_READ_INTERVAL_MS = 500;

/** A record of a logical unit: the state, its last event, and the author of that event. */
export const UNIT_RECORD_LENGTH_MAX = STATE_AND_EVENT_LENGTH_MAX + 1024;
/** A longer record is not sent with the notification; gateways that need it read it. */
export const NOTIFIED_RECORD_LENGTH_MAX = 32 * 1024;
/** A record with more is not sent either, but what the event changes of it, as far as that fits. */
export const NOTIFIED_REGISTRATIONS_MAX = 256;
/** The channels for notifications of events; each logical unit has one of them. */
export const UNIT_CHANNELS = 4;
/** Changes of one logical unit that one nexus may have waiting; more end BUSY. */
export const NEXUS_CHANGES_MAX = 64;
/** A gateway with waiting changes of its own lets another go first for this long. */
export const YIELD_MAX_MS = 100;

assert(
  COMMIT_MAX_MS < SILENCE_MAX_MS && SILENCE_MAX_MS < UNSETTLED_MAX_MS,
  'a silent member is fenced before others complete the event',
);
assert(YIELD_MAX_MS * 4 < COMMIT_MAX_MS, 'courtesy does not use up the time of a command');
assert(
  NOTIFIED_RECORD_LENGTH_MAX < CHANNEL_MESSAGE_LENGTH_MAX,
  'a notification has room for its record',
);
assert(UNIT_RECORD_LENGTH_MAX <= VALUE_LENGTH_MAX, 'a store keeps the longest record');
