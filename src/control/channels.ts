import { assert } from '../base/assert.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX } from '../records/records.ts';

/** The channels on which gateways answer commands, and the messages there (JSON). */
export const DOCUMENT_CHANNEL = 'document';
export const STATUS_CHANNEL = 'status';
export const FENCE_CHANNEL = 'fence';

/** Asked on `DOCUMENT_CHANNEL`: serve this version, or a later one, and say which you serve. */
export interface SwitchRequest {
  readonly version: number;
}

export interface SwitchAnswer {
  readonly version: number;
  /** Why it does not serve the version that was asked for. */
  readonly reason?: string;
  readonly unserved?: UnservedDisks;
}

/** Disks that LUN maps name and that a gateway cannot serve. */
export interface UnservedDisks {
  readonly count: number;
  /** The first `STATUS_UNSERVED_MAX` of them. */
  readonly disks: readonly UnservedDisk[];
}

export interface UnservedDisk {
  readonly disk: string;
  /** In words, with the command that fixes it where there is one. */
  readonly reason: string;
}

/** Asked on `FENCE_CHANNEL`: fence the gateway of this name, unless it is you. */
export interface FenceRequest {
  readonly name: string;
}

export interface FenceAnswer {
  /** `self`: this is that gateway. `unknown`: no gateway of that name counts. */
  readonly outcome: 'fenced' | 'self' | 'unknown' | 'failed';
  readonly reason?: string;
}

/** Answered on `STATUS_CHANNEL`. Counts are since the start of the process. */
export interface GatewayStatus {
  readonly name: string;
  readonly pid: number;
  readonly documentVersion: number;
  readonly draining: boolean;
  /** When it began, by the clock of its host; a release before this says nothing. */
  readonly since?: string;
  readonly uptimeSeconds: number;
  readonly residentBytes: number;
  readonly portals: readonly string[];
  /** Name of the host that it runs on; a release before this says nothing. */
  readonly host?: string;
  /** How many disks it serves; a release before this says nothing. */
  readonly servedDisks?: number;
  /** Disks whose writes fail because their store is full; an earlier release omits them. */
  readonly fullDisks?: readonly string[];
  /** A release before this says nothing. */
  readonly unserved?: UnservedDisks;
  readonly sessionCount: number;
  /** The first `STATUS_SESSIONS_MAX` of them. */
  readonly sessions: readonly SessionStatus[];
  readonly traffic: TrafficStatus;
  /**
   * By uuid, of the first `STATUS_MARKS_MAX` logical units that it has and that are marked: the
   * last event that it enforces, -1 while it loads. A release before this says nothing.
   */
  readonly enforced?: Readonly<Record<string, number>>;
}

interface SessionStatus {
  readonly initiator: string;
  /** Empty for a discovery session. */
  readonly target: string;
}

export interface TrafficStatus {
  readonly reads: number;
  readonly writes: number;
  readonly otherCommands: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Over the last second. */
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  readonly bytesReadPerSecond: number;
  readonly bytesWrittenPerSecond: number;
}

/** More sessions than this are counted, not listed: an answer is one message of bounded length. */
export const STATUS_SESSIONS_MAX = 100;
/** More marked logical units than this are not told. */
export const STATUS_MARKS_MAX = 16;
/** More full disks than this are not listed. */
export const STATUS_DISKS_MAX = 100;
/** More disks that are not served are counted, not listed. */
const STATUS_UNSERVED_MAX = 8;
const STATUS_REASON_LENGTH_MAX = 500;

/** As much of it as fits into an answer. */
export function unservedDisks(all: readonly UnservedDisk[]): UnservedDisks {
  const listed = all.slice(0, STATUS_UNSERVED_MAX).map(({ disk, reason }) => {
    const isLong = reason.length > STATUS_REASON_LENGTH_MAX;
    return { disk, reason: isLong ? `${reason.slice(0, STATUS_REASON_LENGTH_MAX - 1)}…` : reason };
  });
  assert(listed.length <= all.length, 'no more is listed than there is');
  return { count: all.length, disks: listed };
}

assert(
  STATUS_UNSERVED_MAX * STATUS_REASON_LENGTH_MAX < CHANNEL_MESSAGE_LENGTH_MAX / 2,
  'the reasons of disks that are not served leave room in an answer',
);

type Message = SwitchRequest | SwitchAnswer | GatewayStatus | FenceRequest | FenceAnswer;

export function encodeMessage(message: Message): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** Undefined if it is not JSON: such an answer says nothing. */
export function decodeMessage<T>(bytes: Uint8Array): T | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch {
    return undefined;
  }
}
