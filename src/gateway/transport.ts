import type { ServedDocument } from './served-document.ts';

/**
 * A transport as a gateway uses it: it accepts sessions of initiators at the ports of a document
 * and opens a nexus for each.
 */
export interface Transport {
  /** Where initiators reach it, as `status` prints it. */
  readonly portals: readonly string[];
  readonly sessions: readonly TransportSession[];

  /**
   * Opens the ports that this document adds; those of the document served now stay open. Rejects
   * with `portalUnavailable`.
   */
  listen(next: ServedDocument): Promise<void>;

  /** Closes every port: no session is taken from now on. */
  stopListening(): Promise<void>;

  /** Logins, discovery and LUN maps switch to this document in one turn of the event loop. */
  serve(next: ServedDocument): void;

  /**
   * Closes the ports that the document served lacks, and ends the sessions that it would not admit.
   * Resolves when they have no command in flight.
   */
  endRefused(): Promise<void>;

  /** Continues the work that was left because this gateway was not allowed to act. */
  recheck(): void;

  /** Ends the sessions of a target when their answers have left. */
  endTarget(targetName: string, reason: string): void;

  /** Asks initiators to end their sessions. */
  requestLogouts(): void;

  /** Ends every session; resolves when none has a command in flight. */
  close(reason: string): Promise<void>;
}

export interface TransportSession {
  /** Among the sessions of this gateway. */
  readonly number: number;
  readonly initiator: string;
  /** What tells the ports of one initiator apart. */
  readonly isid: string;
  /** Empty for a session that only discovers targets. */
  readonly target: string;
  /** As initiators reach it; empty when the document no longer has it. */
  readonly portal: string;
  /** RELATIVE TARGET PORT IDENTIFIER; 0 when the document no longer has the portal. */
  readonly targetPort: number;
  /** The end of its login. */
  readonly beganMs: number;
  readonly commandsInFlight: number;
}
