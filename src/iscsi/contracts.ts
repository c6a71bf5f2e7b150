import type { Nexus, TargetPort } from '../scsi/nexus.ts';

/** A TCP stream of bytes as the transport sees it; `host/net-socket.ts` is the real one. */
export interface ByteStream {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  /**
   * Starts reading. `reader.buffer()` says where the next bytes go; `reader.received(n)` that the
   * first n bytes of that buffer are filled.
   */
  start(reader: StreamReader): void;
  /** Reading stops soon (some more `received` may come) and goes on after `resume`. */
  pause(): void;
  resume(): void;
  /** Sends the chunks in order, without copying; `sent` is called when they may be reused. */
  write(chunks: readonly Uint8Array[], sent: () => void): void;
  /**
   * Bytes of all writes begun that the peer has not acknowledged: between two writes the number
   * only falls, and only because the peer takes them. Asking costs a system call.
   */
  readonly unacknowledgedBytes: number;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface StreamReader {
  buffer(): Uint8Array;
  received(length: number): void;
  /** Called once, last: the peer closed or the stream failed or was destroyed. */
  closed(error: Error | undefined): void;
}

/** Listens, and hands over each connection. Rejects with the system's error (`EADDRINUSE`, ...). */
export type Listen = (
  address: SocketAddress,
  onConnection: (stream: ByteStream) => void,
) => Promise<Listener>;

export interface Listener {
  readonly address: SocketAddress;
  /** Stops listening; connections that are open stay. */
  close(): Promise<void>;
}

export interface SocketAddress {
  /** Numeric address, IPv4 or IPv6, without brackets. */
  readonly address: string;
  readonly port: number;
}

/** What this gateway listens on. */
export interface Portal extends SocketAddress {
  readonly portalGroupTag: number;
}

/**
 * The configuration as logins see it: read anew at each use, so that a login is judged by the
 * version that is served then at its last PDU.
 */
export interface Directory {
  /**
   * Targets that this initiator may see, with all portals of all gateways; `only` the one of this
   * name. Lazy: anyone may ask, and what is not read must cost nothing.
   */
  listTargets(initiatorName: string, only?: string): Iterable<TargetListing>;
  /** Whether this gateway listens there, under that tag. */
  hasPortal(portal: Portal): boolean;
  /** Undefined: no such target, or none through this portal. */
  findTarget(targetName: string, portal: Portal): TargetEntry | undefined;
  /** Whether discovery sessions must authenticate. */
  readonly discoveryAuthentication: Authentication | undefined;
  /** True while this gateway drains: logins get status class 3, detail 1 (service unavailable). */
  readonly draining: boolean;
}

export interface TargetListing {
  readonly targetName: string;
  readonly portals: readonly Portal[];
}

export interface TargetEntry {
  readonly targetName: string;
  readonly alias: string | undefined;
  readonly port: TargetPort;
  /** Undefined: this initiator may not log in (status 0202h, or 0203h to hide). */
  admit(initiatorName: string): Admission | undefined;
}

export interface Admission {
  /** Undefined: no authentication is asked for. */
  readonly authentication: Authentication | undefined;
  /** The document lists this initiator or asks it for a proof; else any name would be admitted. */
  readonly isNamed: boolean;
  /** Opens the nexus after the login's last PDU was judged. */
  openNexus(initiatorPort: string): Nexus;
}

/** CHAP credentials (RFC 7143, section 12.1). Never printed or logged. */
export interface Authentication {
  /** What the initiator must prove. */
  readonly initiator: Credentials;
  /** What the target proves when asked to (mutual CHAP). */
  readonly target: Credentials | undefined;
}

export interface Credentials {
  readonly user: string;
  readonly secret: Uint8Array;
}
