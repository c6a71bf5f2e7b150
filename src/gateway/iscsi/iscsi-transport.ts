import type { Listen } from '../../base/byte-stream.ts';
import type { Clock } from '../../base/clock.ts';
import { portalText } from '../../base/portal-text.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterDocument, PortalEntry } from '../../config/document.ts';
import { IscsiServer } from '../../iscsi/iscsi-server.ts';
import { DEFAULT_ISCSI_SETTINGS, type IscsiSettings } from '../../iscsi/limits.ts';
import type { ChapSettings } from '../../iscsi/login/chap.ts';
import { NEGOTIATION_DEFAULTS } from '../../iscsi/login/negotiation-settings.ts';
import type { Session } from '../../iscsi/session.ts';
import type { Log } from '../../log/log.ts';
import type { DeviceServer } from '../../scsi/device-server.ts';
import type { LunMap } from '../../scsi/nexus.ts';
import type { PortGroups } from '../port-groups.ts';
import type { ServedDocument } from '../served-document.ts';
import type { Transport, TransportSession } from '../transport.ts';
import { IscsiDirectory } from './iscsi-directory.ts';
import { PortalListeners } from './portal-listeners.ts';

interface IscsiTransportOptions {
  /** The name of the gateway. */
  readonly gateway: string;
  /** Of the document that is served first. */
  readonly settings: ClusterDocument['settings'];
  readonly deviceServer: DeviceServer;
  readonly portGroups: PortGroups;
  readonly listen: Listen;
  /** Whether the gateway may take PDUs now; after false, `recheck` is to be called. */
  readonly mayAct: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** iSCSI as a transport of a gateway: portals, logins and sessions of the document served. */
export class IscsiTransport implements Transport {
  readonly #gateway: string;
  readonly #directory: IscsiDirectory;
  readonly #server: IscsiServer;
  readonly #listeners: PortalListeners;
  /** Of the document served. A session takes them when it begins. */
  #settings: ClusterDocument['settings'];
  #portals: readonly PortalEntry[] = [];
  #isServing = false;

  constructor(options: IscsiTransportOptions) {
    const { gateway, clock, random, log, mayAct } = options;
    this.#gateway = gateway;
    this.#directory = new IscsiDirectory(options);
    this.#settings = options.settings;
    this.#server = new IscsiServer({
      clock,
      random,
      log,
      directory: this.#directory,
      mayAct,
      settings: withQueueDepth(() => this.#settings.queueDepth),
      login: { negotiation: NEGOTIATION_DEFAULTS, chap: withMd5(() => this.#settings.chapMd5) },
    });
    this.#listeners = new PortalListeners(options.listen, (stream, portal) => {
      // Before a document is served nothing is known of targets: the initiator connects again.
      if (this.#isServing) this.#server.accept(stream, portal);
      else stream.destroy();
    });
  }

  get portals(): readonly string[] {
    return this.#listeners.portals;
  }

  get sessions(): readonly TransportSession[] {
    const ports = new Map(this.#portals.map((portal) => [portal.portalGroupTag, portal]));
    return this.#server.sessions.map(({ identity, beganMs, nexus }) => {
      const portal = ports.get(identity.portalGroupTag);
      return {
        number: identity.tsih,
        initiator: identity.initiatorName,
        isid: identity.isid,
        target: identity.targetName,
        portal: portal === undefined ? '' : portalText(portal),
        targetPort: portal?.relativePortIdentifier ?? 0,
        beganMs,
        commandsInFlight: nexus?.outstanding ?? 0,
      };
    });
  }

  async listen(next: ServedDocument): Promise<void> {
    await this.#listeners.listen(this.#portalsOf(next));
  }

  async stopListening(): Promise<void> {
    await this.#listeners.close();
  }

  serve(next: ServedDocument): void {
    const sessions = this.#server.sessions.map((session) => ({
      session,
      before: this.#lunsOf(session),
    }));
    this.#directory.serve(next);
    this.#isServing = true;
    this.#portals = this.#portalsOf(next);
    this.#settings = next.document.settings;
    for (const { session, before } of sessions) {
      const luns = this.#lunsOf(session);
      if (luns !== undefined && !isSameMap(before, luns)) session.nexus?.updateLuns(luns);
    }
  }

  async endRefused(): Promise<void> {
    await Promise.all([this.#listeners.keep(this.#portals), this.#server.endRefused()]);
  }

  recheck(): void {
    this.#server.recheck();
  }

  endTarget(targetName: string, reason: string): void {
    this.#server.endTarget(targetName, reason);
  }

  requestLogouts(): void {
    this.#server.requestLogouts();
  }

  async close(reason: string): Promise<void> {
    await this.#server.close(reason);
  }

  /** A gateway that the document lacks listens nowhere, and waits to be stopped. */
  #portalsOf({ document }: ServedDocument): readonly PortalEntry[] {
    return document.gateways.find(({ name }) => name === this.#gateway)?.portals ?? [];
  }

  #lunsOf({ identity }: Session): LunMap | undefined {
    const { targetName, initiatorName, portalGroupTag } = identity;
    return this.#directory.lunsOf(targetName, portalGroupTag, initiatorName);
  }
}

function isSameMap(a: LunMap | undefined, b: LunMap): boolean {
  return a !== undefined && a.size === b.size && [...b].every(([lun, unit]) => a.get(lun) === unit);
}

/** Read at each login. */
function withQueueDepth(queueDepth: () => number): IscsiSettings {
  return {
    ...DEFAULT_ISCSI_SETTINGS,
    get queueDepth() {
      return queueDepth();
    },
  };
}

function withMd5(md5: () => boolean): ChapSettings {
  return {
    get md5() {
      return md5();
    },
  };
}
