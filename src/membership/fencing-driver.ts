import type { Member } from '../records/records.ts';

/**
 * The services that only a cluster offers: it keeps a client instance from changing anything, and
 * shows this gateway that it is not cut off. Methods reject when the cluster fails; each may be
 * repeated.
 */
export interface FencingDriver {
  /** Completes a round trip to the monitors that is begun after this call. */
  confirmMonitor(): Promise<void>;

  /**
   * Keeps the client instance of that address from changing anything, for a year: nothing that it
   * has submitted lands for a client that passed a barrier begun after this resolved.
   */
  blocklist(address: string): Promise<void>;

  /**
   * Whether this gateway itself is fenced, as the monitors answer to a question begun after this
   * call.
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
   * threads that go on before its event loop can react. Absent where a fence keeps them off the
   * medium.
   */
  renewLease?(untilMs: number): void;

  /**
   * Of each witness (an object that this gateway watches, each in another placement group) the
   * milliseconds since its last sign of life.
   */
  witnessAgesMs(): readonly number[];

  /**
   * For members that are processes of one host: the end of a process can be seen and proved, so
   * heartbeats, blocklists and barriers are not needed.
   */
  readonly processes?: FencedProcesses;
}

export interface FencedProcesses {
  /** The members whose process is alive. */
  living(): Promise<readonly Member[]>;
  /** The same, with whether each runs. */
  states(): Promise<readonly ProcessState[]>;
  /** Ends the member's process; false: it could not be seen to end in time. */
  end(member: Member): Promise<boolean>;
}

export interface ProcessState extends Member {
  /** Stopped by a signal or a tracer: the process does nothing until it is continued. */
  readonly isStopped: boolean;
}
