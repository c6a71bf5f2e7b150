import type { Member } from '../records/records.ts';

/**
 * What only a cluster does: keeping an instance of a client from changing anything, and showing
 * this gateway that it is not cut off. Methods reject when the cluster does not do it; each may be
 * repeated.
 */
export interface FencingDriver {
  /** Completes a round trip to the monitors that is begun after this call. */
  confirmMonitor(): Promise<void>;

  /**
   * Keeps the client instance of that address from changing anything, for a year: nothing it has
   * submitted is seen done later by anyone who passed a barrier begun after this resolved.
   */
  blocklist(address: string): Promise<void>;

  /**
   * Whether the cluster keeps this gateway itself from changing anything: told by the monitors, to
   * a question begun after this call.
   */
  isBlocklisted(): Promise<boolean>;

  /**
   * Passes a barrier, begun after this call, on every client instance that this gateway has open.
   */
  passBarrier(): Promise<void>;

  /** Keeps every submission that is not yet made waiting, save to the members object. */
  hold(): void;
  release(): void;

  /**
   * Lets submissions be made until then, unless it is called again: a gateway that was stopped has
   * threads that go on before its event loop can judge. Absent where a fence keeps them off the
   * medium.
   */
  renewLease?(untilMs: number): void;

  /**
   * Of each witness (an object that this gateway watches, each in another placement group) how
   * long ago it was last heard of, in milliseconds.
   */
  witnessAgesMs(): readonly number[];

  /**
   * Where members are processes of one host: who has ended is seen, and ended for certain, so
   * that heartbeats, blocklists and barriers are not needed.
   */
  readonly processes?: FencedProcesses;
}

export interface FencedProcesses {
  /** Whose process lives. */
  living(): Promise<readonly Member[]>;
  /** The same, with whether each runs. */
  states(): Promise<readonly ProcessState[]>;
  /** Ends the member's process; false: it could not be seen to end in time. */
  end(member: Member): Promise<boolean>;
}

export interface ProcessState extends Member {
  /** By a signal or a tracer: it does nothing until it is continued. */
  readonly isStopped: boolean;
}
