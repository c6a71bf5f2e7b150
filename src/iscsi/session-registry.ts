import { assert } from '../base/assert.ts';
import { chooseToGiveWay, firstOfLargest, type Holder } from './fair-share.ts';
import {
  DISCOVERY_SESSIONS_SHARE,
  GIVING_WAY_MAX,
  RESERVED_SESSIONS_SHARE,
  SESSIONS_GUARANTEED,
} from './limits.ts';
import type { SessionIdentity } from './session-identity.ts';

/** A session as the registry sees it. */
export interface RegisteredSession {
  readonly identity: SessionIdentity;
  /** Ends the session; resolves when it has no command in flight. */
  terminate(reason: string): Promise<void>;
}

type Nexus = Pick<SessionIdentity, 'initiatorName' | 'isid' | 'targetName' | 'portalGroupTag'>;

/** A login that asks for a session. */
export interface Applicant extends Holder, Nexus {
  /** The document lists this initiator, or it proved itself. */
  readonly isNamed: boolean;
}

/** The place of a session, from the end of its login on. */
interface Place extends Holder {
  readonly kind: 'named' | 'unnamed' | 'discovery';
  /** Undefined until the session begins. */
  session: RegisteredSession | undefined;
  /** Another has the place already: the session is ending. */
  gaveWay: boolean;
}

const TSIH_MAX = 0xffff;
const GAVE_WAY = 'room for an initiator with fewer sessions';

/** The sessions of a gateway: TSIHs, the bounds on their number, and reinstatement. */
export class SessionRegistry {
  readonly #sessionsMax: number;
  /** By TSIH, in the order of their logins. */
  readonly #places = new Map<number, Place>();
  /** By initiator port and target portal group: the ends of a nexus (RFC 7143, reinstatement). */
  readonly #byNexus = new Map<string, RegisteredSession>();
  #lastTsih = 0;

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax;
  }

  exists(initiatorName: string, isid: string, tsih: number): boolean {
    const identity = this.#places.get(tsih)?.session?.identity;
    return identity?.initiatorName === initiatorName && identity.isid === isid;
  }

  /** A TSIH that is free, until `enter` or `release`; undefined when there is no place. */
  reserveTsih(applicant: Applicant): number | undefined {
    const { network, initiatorName, targetName, isNamed } = applicant;
    const kind = targetName === '' ? 'discovery' : isNamed ? 'named' : 'unnamed';
    if (!this.#hasRoom(applicant, kind)) return undefined;
    assert(this.#places.size < TSIH_MAX, 'there are more TSIHs than sessions');
    let tsih = this.#lastTsih;
    do {
      tsih = tsih === TSIH_MAX ? 1 : tsih + 1;
    } while (this.#places.has(tsih));
    this.#lastTsih = tsih;
    this.#places.set(tsih, { network, initiatorName, kind, session: undefined, gaveWay: false });
    return tsih;
  }

  release(tsih: number): void {
    if (this.#places.get(tsih)?.session === undefined) this.#places.delete(tsih);
  }

  /** The session that has this nexus now, also while it ends. */
  holderOf(nexus: Nexus): RegisteredSession | undefined {
    return this.#byNexus.get(nexusKey(nexus));
  }

  enter(session: RegisteredSession): void {
    const { identity } = session;
    const place = this.#places.get(identity.tsih);
    assert(place !== undefined, 'a session enters the place that its login reserved');
    place.session = session;
    if (place.kind !== 'discovery') this.#byNexus.set(nexusKey(identity), session);
  }

  leave(session: RegisteredSession): void {
    const { identity } = session;
    if (this.#places.get(identity.tsih)?.session === session) this.#places.delete(identity.tsih);
    const key = nexusKey(identity);
    if (this.#byNexus.get(key) === session) this.#byNexus.delete(key);
  }

  /** Whether there is a place, made by taking one from a network that has too many if need be. */
  #hasRoom(applicant: Applicant, kind: Place['kind']): boolean {
    const counted = [...this.#places.values()].filter(({ gaveWay }) => !gaveWay);
    if (kind === 'discovery') {
      const rivals = counted.filter((place) => place.kind === kind);
      const most = Math.ceil(this.#sessionsMax / DISCOVERY_SESSIONS_SHARE);
      // They are short: the oldest has had its time, as with connections that do not log in.
      return rivals.length < most || this.#displace(firstOfLargest(rivals));
    }
    // A reinstatement takes the place of the session before it: a path that was lost comes back.
    if (this.#reinstates(applicant)) return true;
    const normal = counted.filter((place) => place.kind !== 'discovery');
    if (kind === 'unnamed') {
      const unnamed = normal.filter((place) => place.kind === kind);
      const most = this.#sessionsMax - Math.floor(this.#sessionsMax / RESERVED_SESSIONS_SHARE);
      if (unnamed.length >= most) {
        return this.#displace(chooseToGiveWay(unnamed, applicant, SESSIONS_GUARANTEED));
      }
    }
    if (normal.length < this.#sessionsMax) return true;
    return this.#displace(chooseToGiveWay(normal, applicant, SESSIONS_GUARANTEED));
  }

  #reinstates(applicant: Applicant): boolean {
    const before = this.holderOf(applicant);
    return before !== undefined && this.#places.get(before.identity.tsih)?.gaveWay === false;
  }

  #displace(place: Place | undefined): boolean {
    const givingWay = [...this.#places.values()].filter(({ gaveWay }) => gaveWay);
    if (givingWay.length >= GIVING_WAY_MAX) return false;
    // A login under way cannot be ended from here; its place counts, and will be a session soon.
    if (place?.session === undefined) return false;
    place.gaveWay = true;
    void place.session.terminate(GAVE_WAY);
    return true;
  }
}

function nexusKey({ initiatorName, isid, targetName, portalGroupTag }: Nexus): string {
  return `${initiatorName} ${isid} ${targetName} ${portalGroupTag}`;
}
