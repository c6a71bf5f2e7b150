import {
  FIRST_BURST_BYTES_MAX,
  FIRST_BURST_BYTES_MIN,
  PEER_INVITED_BYTES_MAX,
  SHARED_COMMANDS,
  WINDOW_FIRST_BURSTS_BYTES_MAX,
} from './limits.ts';

/**
 * The FirstBurstLength that is offered to a login: a command window must have memory for the first
 * burst of every command that it invites, so many sessions and deep windows get shorter ones.
 */
export function firstBurstLength(otherSessions: number, queueDepth: number): number {
  const bytes = Math.min(
    FIRST_BURST_BYTES_MAX,
    WINDOW_FIRST_BURSTS_BYTES_MAX / queueDepth,
    PEER_INVITED_BYTES_MAX / (SHARED_COMMANDS * (otherSessions + 1)),
  );
  return Math.max(FIRST_BURST_BYTES_MIN, 2 ** Math.floor(Math.log2(bytes)));
}
