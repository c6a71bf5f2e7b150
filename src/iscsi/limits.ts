import { assert } from '../base/assert.ts';
import { AGREEMENT_MAX_MS } from '../scsi/nexus.ts';

/** The bounds of the iSCSI layer. `IscsiSettings` has the configurable ones. */

/** Basic Header Segment (RFC 7143). */
export const BHS_BYTES = 48;
/** TotalAHSLength counts four-byte words in one byte. */
export const AHS_BYTES_MAX = 255 * 4;

/** The longest data segment that this target takes: its MaxRecvDataSegmentLength. */
export const RECEIVE_DATA_SEGMENT_BYTES_MAX = 256 * 1024;
/** The longest data segment before the full feature phase (RFC 7143: 8192). */
export const LOGIN_DATA_SEGMENT_BYTES_MAX = 8192;
/** The longest data segment that this target sends, whatever the initiator would take. */
export const SEND_DATA_SEGMENT_BYTES_MAX = 256 * 1024;

/** A slab takes one full PDU and a batch of small ones behind it. */
export const SLAB_BYTES = 264 * 1024;
assert(
  SLAB_BYTES >= BHS_BYTES + AHS_BYTES_MAX + SEND_DATA_SEGMENT_BYTES_MAX + 16,
  'a slab takes the longest PDU',
);
/** Unused slabs that are kept: 16.5 MiB. */
export const FREE_SLABS_MAX = 64;
/** Receive buffer of a connection that has not logged in; its answers take as much. */
export const LOGIN_BUFFER_BYTES = 12 * 1024;
/** Unused buffers for logins and their answers that are kept: 384 KiB. */
export const FREE_LOGIN_SLABS_MAX = 32;
assert(
  LOGIN_BUFFER_BYTES >= BHS_BYTES + AHS_BYTES_MAX + LOGIN_DATA_SEGMENT_BYTES_MAX,
  'a login buffer takes the longest login PDU',
);
/** A read into less room than this is not worth its system call: a new slab is begun. */
export const RECEIVE_ROOM_BYTES_MIN = 16 * 1024;
assert(
  RECEIVE_ROOM_BYTES_MIN >= BHS_BYTES + AHS_BYTES_MAX && RECEIVE_ROOM_BYTES_MIN < SLAB_BYTES,
  'a slab that is not left for a new one takes the longest header',
);

/** Answers queued in a login or a discovery session; beyond them nothing more is read. */
export const LOGIN_SEND_QUEUE_BYTES_MAX = 16 * 1024;
/** A Text Request in full feature phase, over all its PDUs: it asks for targets, or declares. */
export const TEXT_REQUEST_BYTES_MAX = 16 * 1024;
/** The longest time that a connection handles PDUs before the others get their turn. */
export const TURN_MAX_MS = 2;
/** All together aim at this: with many connections that have more to do, each may do less. */
export const TURN_ALL_MS = 16;
/** PDUs between two readings of the clock. */
export const TURN_CHECK_PDUS = 8;
/** PDUs of a login or a discovery session in a turn; initiators send them one at a time. */
export const LOGIN_TURN_PDUS = 2;
assert(
  LOGIN_SEND_QUEUE_BYTES_MAX >= BHS_BYTES + LOGIN_DATA_SEGMENT_BYTES_MAX,
  'the longest answer of a login fits into its send queue',
);
assert(
  TEXT_REQUEST_BYTES_MAX >= LOGIN_DATA_SEGMENT_BYTES_MAX,
  'a text of one PDU of a discovery session is never too long',
);
assert(TURN_MAX_MS <= TURN_ALL_MS, 'a connection alone takes no more than all together');
assert(LOGIN_TURN_PDUS <= TURN_CHECK_PDUS, 'a login handles no more PDUs in a turn than a session');

/**
 * Bound on answers queued for an initiator that does not read; beyond it, the gateway stops reading
 * from the initiator.
 */
export const SEND_QUEUE_BYTES_MAX = 4 * 1024 * 1024;

/*
 * The memory of commands, by what it pins (`DataBudget`). Each session has something of its own;
 * beyond that all sessions share one budget.
 */

/** The share of one peer (a network, or an authenticated initiator) in the budget. */
const PEER_DATA_BYTES_MAX = 256 * 1024 * 1024;
/** A peer may take this many times what it leaves free. */
export const FREE_PEER_SHARE = 8;
/** An initiator of a peer may take this many times what it leaves free for others of that peer. */
export const FREE_INITIATOR_SHARE = 4;
/**
 * Bound on the bytes that all sessions hold and are invited to send, beyond their guaranteed parts.
 */
export const GATEWAY_DATA_BYTES_MAX = PEER_DATA_BYTES_MAX + PEER_DATA_BYTES_MAX / FREE_PEER_SHARE;
/** The part of it that command windows may take: the rest is there for R2Ts and reads. */
export const GATEWAY_INVITED_BYTES_MAX = GATEWAY_DATA_BYTES_MAX / 2;
/** The share of one peer's command windows in that. */
export const PEER_INVITED_BYTES_MAX = PEER_DATA_BYTES_MAX / 2;
/** The share of one session in it; the transfer of the longest command (16 MiB) fits. */
export const SESSION_DATA_BYTES_MAX = 17 * 1024 * 1024;
/** A session may hold at most this part of what is free, so that something is left for others. */
export const FREE_DATA_SHARE = 4;
/** A window may take at most this part of what is free for windows. */
export const FREE_INVITED_SHARE = 2;
/**
 * Sessions that hold more than their share at a time, because a command of theirs would never fit:
 * one of an initiator, and as many of a peer.
 */
export const EXCEPTIONS_MAX = 4;
export const PEER_EXCEPTIONS_MAX = 3;
/** A session that is an exception for longer ends as soon as others wait for its turn. */
export const EXCEPTION_MAX_MS = 30_000;
/**
 * The part of a session's share that claims leave for the unused parts of slabs: it allows data to
 * stay where it was received.
 */
export const SLAB_SLACK_BYTES_MAX = 4 * SLAB_BYTES;
/** The guaranteed part of each session: a slab to receive into, one to send from, and one more. */
export const SESSION_OWN_DATA_BYTES = 3 * SLAB_BYTES;
/** The memory of a command besides its data: its task, its execution, its lists. */
export const COMMAND_BYTES = 2 * 1024;
/** Commands that each session may send whatever the others do, with the longest first burst. */
export const OWN_COMMANDS_MIN = 2;
/** The same where commands bring little or nothing unsolicited. */
export const OWN_COMMANDS_MAX = 32;
/** Commands that a session may send at its begin and after a rest, as far as there is room. */
export const WINDOW_REST_COMMANDS = 32;
/** The longest and the shortest FirstBurstLength that is offered. */
export const FIRST_BURST_BYTES_MAX = 256 * 1024;
export const FIRST_BURST_BYTES_MIN = 4 * 1024;
/** The guaranteed part of each session for commands with unsolicited data. */
export const SESSION_OWN_INVITED_BYTES = OWN_COMMANDS_MIN * (FIRST_BURST_BYTES_MAX + COMMAND_BYTES);
/** FirstBurstLength is offered so that a window of `queueDepth` asks for no more than this. */
export const WINDOW_FIRST_BURSTS_BYTES_MAX = 64 * 1024 * 1024;
/** And such that this many commands of each session fit beside those of all others. */
export const SHARED_COMMANDS = 64;

assert(SEND_QUEUE_BYTES_MAX >= SLAB_BYTES, 'a slab of answers fits into the send queue');
assert(
  GATEWAY_INVITED_BYTES_MAX < GATEWAY_DATA_BYTES_MAX &&
    PEER_INVITED_BYTES_MAX < PEER_DATA_BYTES_MAX,
  'command windows leave memory for R2Ts and reads',
);
assert(PEER_EXCEPTIONS_MAX < EXCEPTIONS_MAX, 'a peer leaves an exception to others');
assert(
  SLAB_SLACK_BYTES_MAX < SESSION_DATA_BYTES_MAX / FREE_DATA_SHARE,
  'what claims leave for slabs is a small part of what a session may hold',
);
assert(
  1 <= OWN_COMMANDS_MIN &&
    OWN_COMMANDS_MIN <= OWN_COMMANDS_MAX &&
    OWN_COMMANDS_MAX <= WINDOW_REST_COMMANDS,
  'a window begins with at least what its session has of its own',
);
assert(
  FIRST_BURST_BYTES_MIN <= FIRST_BURST_BYTES_MAX &&
    FIRST_BURST_BYTES_MAX <= WINDOW_FIRST_BURSTS_BYTES_MAX,
  'every FirstBurstLength that is offered fits into the window of one command',
);

/** R2Ts of one session without an answer, those of aborted commands too. */
export const SOLICITED_BURSTS_MAX = 256;
/** Pieces of data-out shorter than this are copied while their command waits for the rest. */
export const GATHER_COPY_BYTES_MAX = 32 * 1024;
/** The size of a buffer that they are copied into. */
export const GATHER_CHUNK_BYTES = 64 * 1024;
/** Tasks that are kept for use again, over all sessions. */
export const FREE_TASKS_MAX = 1024;
/** Commands that arrived ahead of their CmdSN and wait for those between. */
export const HELD_COMMANDS_MAX = 32;
export const HELD_BYTES_MAX = 512 * 1024;
/** Immediate commands that one session may have unfinished (they take no room in the window). */
export const IMMEDIATE_COMMANDS_MAX = 32;

/** Task management functions that one session may have unanswered. */
export const MANAGEMENT_REQUESTS_MAX = 32;
assert(GATHER_COPY_BYTES_MAX <= GATHER_CHUNK_BYTES, 'a piece that is copied fits into a chunk');
assert(
  HELD_BYTES_MAX >= BHS_BYTES + AHS_BYTES_MAX + RECEIVE_DATA_SEGMENT_BYTES_MAX,
  'the longest PDU can be held for its turn',
);

/** A solicited Data-Out, or the rest of an unsolicited burst, comes within this. */
export const DATA_OUT_TIMEOUT_MS = 10_000;
/**
 * And all that a command solicits within this, however it is spread: initiators give a command up
 * after 30 s, and the room that is kept for its data is missing elsewhere.
 */
export const DATA_OUT_MAX_MS = 27_000;
/** An abort waits this long for the Data-Outs of R2Ts that the initiator still answers. */
export const ABORTED_TRANSFER_TIMEOUT_MS = 2_000;
/** From accept to full feature phase. */
export const LOGIN_TIMEOUT_MS = 15_000;
/** Bound of the next PDU of a text, and of the request for the next piece of an answer. */
export const TEXT_TIMEOUT_MS = 10_000;
/** A discovery session ends after this: initiators list the targets and leave within a second. */
export const DISCOVERY_SESSION_MAX_MS = 60_000;
/** Silence after which a NOP-In asks for a sign of life. */
export const NOP_INTERVAL_MS = 3_000;
/** Silence after that NOP-In which ends a session that has something under way. */
export const NOP_TIMEOUT_MS = 5_000;
/**
 * The same for an idle session, and only if its host has not even acknowledged the NOP-In by then:
 * boot firmware never answers one, and some programs read nothing while they send nothing. A host
 * that has acknowledged it is asked again.
 */
export const IDLE_TIMEOUT_MS = 60_000;
/** An initiator that reads none of the data queued for it for this long is lost. */
export const ABSENT_TIMEOUT_MS = 30_000;
/**
 * A command that has been at its medium for this long ends its session (invariant I8): more than
 * Ceph takes by default to find a stopped OSD (20 to 25 s), less than the 30 s after which Linux
 * begins to abort.
 */
export const COMMAND_MAX_MS = 27_000;
/**
 * With a command that has been there for this long and changes its medium, an initiator is lost
 * sooner: silence after which a NOP-In asks for a sign of life, and silence, all in all, which ends
 * the session. This, the drain and the fence together take less than the 8 s after which an
 * initiator may have failed over (invariant I11).
 */
export const SLOW_COMMAND_MS = 1_000;
export const SLOW_NOP_INTERVAL_MS = 1_000;
export const SLOW_SILENCE_MAX_MS = 3_000;
/**
 * How long a login waits for the end of the session that it takes the place of; then it is refused,
 * and tried again by its initiator. Less than the shortest common time-out of a login (5 s, ESXi).
 */
export const REINSTATEMENT_MAX_MS = 4_500;
/** How often a connection checks its deadlines. */
export const WATCH_INTERVAL_MS = 500;
/** If gateways have not agreed on a command, the first check after this ends its session. */
export const AGREEMENT_OVERDUE_MS = AGREEMENT_MAX_MS - WATCH_INTERVAL_MS;
/** How long a logout waits until what its session holds by RESERVE is released. */
export const LOGOUT_RELEASE_MAX_MS = 3_000;

/** After a logout request by Asynchronous Message the connection is closed. */
export const LOGOUT_REQUEST_TIMEOUT_MS = 10_000;
/** The time in which a closing connection sends its queue. */
export const CLOSE_TIMEOUT_MS = 2_000;
assert(
  ABORTED_TRANSFER_TIMEOUT_MS < DATA_OUT_TIMEOUT_MS && DATA_OUT_TIMEOUT_MS < DATA_OUT_MAX_MS,
  'an abort does not wait for all the time that data may take',
);
assert(
  WATCH_INTERVAL_MS < SLOW_NOP_INTERVAL_MS && SLOW_NOP_INTERVAL_MS < SLOW_SILENCE_MAX_MS,
  'a silent initiator is asked before it is lost',
);
assert(
  SLOW_NOP_INTERVAL_MS <= NOP_INTERVAL_MS && SLOW_SILENCE_MAX_MS < NOP_INTERVAL_MS + NOP_TIMEOUT_MS,
  'an initiator with a slow command is lost sooner',
);
assert(NOP_TIMEOUT_MS < IDLE_TIMEOUT_MS, 'an idle initiator may be silent for longer');
assert(
  SLOW_COMMAND_MS < COMMAND_MAX_MS && COMMAND_MAX_MS < ABSENT_TIMEOUT_MS,
  'a stuck command ends its session before the initiator counts as absent',
);
assert(
  REINSTATEMENT_MAX_MS < LOGIN_TIMEOUT_MS && TEXT_TIMEOUT_MS < DISCOVERY_SESSION_MAX_MS,
  'a wait within a login or a discovery session ends before it',
);

/** Of the sessions, one in this many may be a discovery session; they are counted apart. */
export const DISCOVERY_SESSIONS_SHARE = 8;
/** One in this many is kept for initiators that the document lists, or that proved themselves. */
export const RESERVED_SESSIONS_SHARE = 4;
/** Sessions that no network loses to an initiator that has fewer. */
export const SESSIONS_GUARANTEED = 8;
/** Sessions at a time that end because they gave way; beyond them logins are refused. */
export const GIVING_WAY_MAX = 32;

assert(
  DISCOVERY_SESSIONS_SHARE > 1 && RESERVED_SESSIONS_SHARE > 1,
  'most sessions are for anyone who is admitted',
);

/** The configurable bounds. */
export interface IscsiSettings {
  /** Commands in flight per session: the CmdSN window. */
  readonly queueDepth: number;
  /** Sessions with a target, per gateway. */
  readonly sessionsMax: number;
  /** Connections that have not logged in; the oldest of the network with most makes room. */
  readonly pendingLoginsMax: number;
}

export const DEFAULT_ISCSI_SETTINGS: IscsiSettings = {
  queueDepth: 256,
  sessionsMax: 1024,
  pendingLoginsMax: 256,
};

/**
 * The JavaScript heap that a gateway is started with, in MiB: `--max-old-space-size` of bin/allpath
 * and of the demo. Buffers are not in it.
 */
export const HEAP_MIB = 1024;
/** The part of it for a gateway without sessions: code, modules, the document, the disks. */
const IDLE_HEAP_BYTES = 128 * 1024 * 1024;
/** A session without a command: its connection, its nexus, its logical units. */
const SESSION_HEAP_BYTES = 96 * 1024;
/** An R2T that is not answered. */
const BURST_HEAP_BYTES = 256;

assert(
  IDLE_HEAP_BYTES +
    DEFAULT_ISCSI_SETTINGS.sessionsMax *
      (SESSION_HEAP_BYTES +
        SOLICITED_BURSTS_MAX * BURST_HEAP_BYTES +
        OWN_COMMANDS_MAX * COMMAND_BYTES) +
    GATEWAY_INVITED_BYTES_MAX +
    FREE_TASKS_MAX * COMMAND_BYTES <
    HEAP_MIB * 1024 * 1024,
  'the heap takes all sessions with all commands that their windows may invite',
);
assert(
  SESSION_OWN_DATA_BYTES + SESSION_OWN_INVITED_BYTES <= 1536 * 1024 &&
    SESSION_DATA_BYTES_MAX < PEER_DATA_BYTES_MAX / FREE_DATA_SHARE,
  'what sessions have of their own is small, and one alone may hold the longest command',
);
