import type { SessionIdentity } from './session.ts';

/** What the registry needs of a session: its end. */
export interface RegisteredSession {
  readonly identity: SessionIdentity;
  /** Ends the session; resolves when nothing of it is under way any more. */
  terminate(reason: string): Promise<void>;
}

const TSIH_MAX = 0xffff;
/** Of all sessions, one in this many may be a discovery session. */
const DISCOVERY_SESSIONS_SHARE = 4;

/** The sessions of a gateway: TSIHs, the bound on their number, and reinstatement. */
export class SessionRegistry {
  readonly #sessionsMax: number;
  readonly #sessions = new Map<number, RegisteredSession>();
  /** By initiator port and target portal group: the ends of a nexus (RFC 7143, reinstatement). */
  readonly #byNexus = new Map<string, RegisteredSession>();
  readonly #reserved = new Set<number>();
  #discoverySessions = 0;
  #lastTsih = 0;

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  get size(): number {
    return this.#sessions.size;
  }

  [Symbol.iterator](): IterableIterator<RegisteredSession> {
    return this.#sessions.values();
  }

  exists(initiatorName: string, isid: string, tsih: number): boolean {
    const identity = this.#sessions.get(tsih)?.identity;
    return identity?.initiatorName === initiatorName && identity.isid === isid;
  }

  /**
   * A TSIH that is nobody's, until `enter` or `release`; undefined when the bound is reached.
   * Discovery sessions have a smaller one: where anyone may discover, nobody can use sessions up.
   */
  reserveTsih(discovery: boolean): number | undefined {
    const discoveryMax = Math.ceil(this.#sessionsMax / DISCOVERY_SESSIONS_SHARE);
    if (discovery && this.#discoverySessions >= discoveryMax) return undefined;
    if (this.#sessions.size + this.#reserved.size >= this.#sessionsMax) return undefined;
    let tsih = this.#lastTsih;
    do {
      tsih = tsih === TSIH_MAX ? 1 : tsih + 1;
    } while (this.#sessions.has(tsih) || this.#reserved.has(tsih));
    this.#lastTsih = tsih;
    this.#reserved.add(tsih);
    return tsih;
  }

  release(tsih: number): void {
    this.#reserved.delete(tsih);
  }

  /** The session that has this nexus now, also while it ends. */
  holderOf(identity: Omit<SessionIdentity, 'tsih'>): RegisteredSession | undefined {
    return this.#byNexus.get(nexusKey(identity));
  }

  /** Ends the other sessions of a target (TARGET COLD RESET). */
  endTarget(targetName: string, reason: string, except: number): void {
    for (const session of [...this.#sessions.values()]) {
      const { identity } = session;
      if (identity.targetName === targetName && identity.tsih !== except) {
        void session.terminate(reason);
      }
    }
  }

  enter(session: RegisteredSession): void {
    this.#reserved.delete(session.identity.tsih);
    this.#sessions.set(session.identity.tsih, session);
    if (session.identity.targetName === '') {
      this.#discoverySessions++;
    } else {
      this.#byNexus.set(nexusKey(session.identity), session);
    }
  }

  leave(session: RegisteredSession): void {
    if (this.#sessions.get(session.identity.tsih) === session) {
      this.#sessions.delete(session.identity.tsih);
      if (session.identity.targetName === '') this.#discoverySessions--;
    }
    const key = nexusKey(session.identity);
    if (this.#byNexus.get(key) === session) this.#byNexus.delete(key);
  }
}

function nexusKey(identity: Omit<SessionIdentity, 'tsih'>): string {
  const { initiatorName, isid, targetName, portalGroupTag } = identity;
  return `${initiatorName} ${isid} ${targetName} ${portalGroupTag}`;
}
