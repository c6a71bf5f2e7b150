import type { SocketAddress } from '../base/byte-stream.ts';
import type { Nexus } from '../scsi/nexus.ts';
import type { NexusIdentity } from '../scsi/nexus-identity.ts';

/** The portals on which this gateway listens. */
export interface Portal extends SocketAddress {
  readonly portalGroupTag: number;
}

/**
 * The configuration as logins see it. It is read at each use, so that the last PDU of a login is
 * checked against the version that is served then.
 */
export interface Directory {
  /**
   * Targets that this initiator may see, with all portals of all gateways; `only` the one of this
   * name. Lazy: any peer may ask, and targets that are not read must cost nothing.
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
  /** RELATIVE TARGET PORT IDENTIFIER of the target port that the portal leads to. */
  readonly relativePortIdentifier: number;
  /** Undefined: this initiator may not log in (status 0202h, or 0203h to hide). */
  admit(initiatorName: string): Admission | undefined;
}

export interface Admission {
  /** Undefined: no authentication is asked for. */
  readonly authentication: Authentication | undefined;
  /** The document lists this initiator or asks it for a proof; else any name would be admitted. */
  readonly isNamed: boolean;
  /** Opens the nexus after the last PDU of the login was accepted. */
  openNexus(identity: NexusIdentity): Nexus;
}

/** CHAP credentials (RFC 7143, section 12.1). Never printed or logged. */
export interface Authentication {
  /** The credentials that the initiator must prove. */
  readonly initiator: Credentials;
  /** The credentials that the target proves on request (mutual CHAP). */
  readonly target: Credentials | undefined;
}

export interface Credentials {
  readonly user: string;
  readonly secret: Uint8Array;
}
