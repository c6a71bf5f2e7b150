import { type Clock, sleep, within } from '../base/clock.ts';
import { didYouMean } from '../base/closest-name.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { ProcessFacts } from '../base/process-facts.ts';
import type { Random } from '../base/random.ts';
import type { ClusterDocument, PortalEntry } from '../config/document.ts';
import { QUEUE_DEPTH_MAX } from '../config/limits.ts';
import {
  encodeMessage,
  FENCE_CHANNEL,
  type GatewayStatus,
  STATUS_CHANNEL,
  STATUS_DISKS_MAX,
  STATUS_SESSIONS_MAX,
  unservedDisks,
} from '../control/channels.ts';
import { readDocument, type VersionedDocument } from '../control/document/document-record.ts';
import type { Listen } from '../iscsi/contracts.ts';
import { IscsiServer } from '../iscsi/iscsi-server.ts';
import {
  DEFAULT_ISCSI_SETTINGS,
  IMMEDIATE_COMMANDS_MAX,
  type IscsiSettings,
} from '../iscsi/limits.ts';
import type { ChapSettings } from '../iscsi/login/chap.ts';
import { NEGOTIATION_DEFAULTS } from '../iscsi/login/negotiation-settings.ts';
import type { Session } from '../iscsi/session.ts';
import { joinMembers } from '../members/join-members.ts';
import type { ClosedReason, Members } from '../members/members.ts';
import { StandingWatch, type StandingWatchOptions } from '../members/standing-watch.ts';
import type { Member } from '../records/records.ts';
import { createDeviceServer } from '../scsi/device-server.ts';
import type { LunMap } from '../scsi/nexus.ts';
import { AccessStateNews } from './access-state-news.ts';
import { GatewayDirectory } from './directory.ts';
import { DocumentWatch } from './document-watch.ts';
import { fenceNamed } from './fence-requests.ts';
import { LiveFigures } from './live-figures.ts';
import { LogicalUnits } from './logical-units.ts';
import { readPinnedDocument } from './pinned-document.ts';
import { PortalListeners } from './portal-listeners.ts';
import { SpaceWatch } from './space-watch.ts';
import type { Store } from './store.ts';

/** How often a draining gateway looks whether its initiators have left. */
const DRAIN_POLL_MS = 50;
/** Closing waits this long for commands under way; then the process ends all the same. */
const CLOSE_WAIT_MAX_MS = 3_000;

/**
 * Why a gateway is over. `unfenced`: what it has submitted is stuck and may land at any time, and
 * it could not fence that itself.
 */
export type GatewayEnd = ClosedReason | 'unfenced';

const END_REASONS: Readonly<Record<GatewayEnd, string>> = {
  closed: 'gateway is fenced',
  cut: 'gateway is cut off from its store',
  unfenced: 'gateway has stuck writes that it cannot fence',
  stalled: 'gateway was stopped for too long',
};

export interface GatewayOptions {
  readonly name: string;
  readonly store: Store;
  /** The incarnation that this process had before: it need not be waited for. */
  readonly previous?: Member;
  readonly listen: Listen;
  readonly processFacts: ProcessFacts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** One gateway: serves the document of a store through its portals. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #directory: GatewayDirectory;
  readonly #server: IscsiServer;
  readonly #listeners: PortalListeners;
  readonly #units: LogicalUnits;
  readonly #documentWatch: DocumentWatch;
  readonly #figures: LiveFigures;
  readonly #space: SpaceWatch;
  readonly #accessNews: AccessStateNews;
  /** By these tools ask this gateway for its status and to fence others. */
  readonly #requests: readonly StandingWatch[];
  readonly #startedMs: number;
  readonly #since: string;
  /** Undefined where the store has no members. */
  readonly #members: Members | undefined;
  readonly #over = Promise.withResolvers<GatewayEnd>();
  #isClosing = false;
  /** Why sessions end when this gateway closes. */
  #closeReason = 'gateway stops';
  /** Of the document that is served. */
  #settings: ClusterDocument['settings'];

  private constructor(
    options: GatewayOptions,
    settings: ClusterDocument['settings'],
    members: Members | undefined,
  ) {
    const { name, store, listen, clock, random, log } = options;
    this.#options = options;
    this.#settings = settings;
    this.#members = members;
    this.#startedMs = clock.now();
    this.#since = options.processFacts.utc();
    this.#units = new LogicalUnits(store, log, clock, (disk) => {
      log.error('writes are stuck and cannot be fenced: this gateway gives up', { disk });
      this.#over.resolve('unfenced');
    });
    void this.#over.promise.then((end) => {
      this.#closeReason = END_REASONS[end];
    });
    void store.fencing?.unfenced?.then(() => this.#over.resolve('unfenced'));
    const directory = new GatewayDirectory(name, () => deviceServer);
    const deviceServer = createDeviceServer({
      clock,
      log,
      portGroups: (deviceName) => directory.portGroups(deviceName),
      // What a window lets in is never too much for the task set.
      taskSetDepthMax: QUEUE_DEPTH_MAX + IMMEDIATE_COMMANDS_MAX,
    });
    this.#directory = directory;
    if (members !== undefined) directory.follow(members.view);
    this.#accessNews = new AccessStateNews(clock);
    this.#server = new IscsiServer({
      clock,
      random,
      log,
      directory,
      ...(members === undefined ? {} : { mayAct: () => members.mayAct() }),
      settings: withQueueDepth(() => this.#settings.queueDepth),
      login: { negotiation: NEGOTIATION_DEFAULTS, chap: withMd5(() => this.#settings.chapMd5) },
    });
    this.#listeners = new PortalListeners(listen, (stream, portal) =>
      this.#server.accept(stream, portal),
    );
    this.#figures = new LiveFigures(this.#server.traffic, clock);
    this.#space = new SpaceWatch({
      volumes: store.volumes,
      softThresholdPercent: () => this.#settings.softThresholdPercent,
      clock,
      log,
    });
    this.#documentWatch = new DocumentWatch({
      records: store.records,
      clock,
      log,
      read: () => readPinnedDocument({ ...store, clock }),
      serve: (next) => this.#serve(next),
      unserved: () => unservedDisks(this.#units.unserved),
    });
    const { records } = store;
    const request = (channel: string, onNotify: StandingWatchOptions['onNotify']) =>
      new StandingWatch({ records, channel, clock, log, onNotify });
    const requests = [request(STATUS_CHANNEL, () => encodeMessage(this.status))];
    if (members !== undefined) {
      const fence = async (message: Uint8Array) =>
        encodeMessage(await fenceNamed(members, message));
      requests.push(request(FENCE_CHANNEL, fence));
    }
    this.#requests = requests;
    members?.listen({
      onConfirmed: () => this.#server.recheck(),
      onView: (view) => {
        if (directory.follow(view)) this.#accessNews.tell();
        this.#documentWatch.follow(view.documentVersion);
      },
      onClosed: (reason) => this.#over.resolve(reason),
    });
  }

  /**
   * Joins the other gateways, and resolves when every portal admits logins. Rejects with
   * `documentMissing`, `gatewayUnknown`, `portalUnavailable` or why it could not join.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const current = await readDocument(options.store.records);
    if (current === undefined) {
      throw new Failure('documentMissing', 'the store has no document yet: use "allpath apply"');
    }
    requireGateway(options.name, current);
    const members = await join(options);
    const gateway = new Gateway(options, current.document.settings, members);
    try {
      await members?.admit();
      await gateway.#documentWatch.open();
      gateway.#space.open();
      for (const watch of gateway.#requests) await watch.open();
    } catch (error) {
      await gateway.close();
      throw error;
    }
    return gateway;
  }

  /** Who this gateway is to the others. */
  get self(): Member {
    return this.#options.store.records.self;
  }

  /**
   * Resolves when this gateway is fenced, cut off from its store, or has to be fenced: it may do
   * nothing any more, and another is to be started in its place.
   */
  get over(): Promise<GatewayEnd> {
    return this.#over.promise;
  }

  get status(): GatewayStatus {
    const { processFacts } = this.#options;
    const sessions = this.#server.sessions.slice(0, STATUS_SESSIONS_MAX);
    return {
      name: this.#options.name,
      pid: processFacts.pid,
      documentVersion: this.#documentWatch.version,
      draining: this.#directory.draining,
      since: this.#since,
      uptimeSeconds: Math.round((this.#options.clock.now() - this.#startedMs) / 1000),
      residentBytes: processFacts.residentBytes(),
      portals: this.#listeners.portals,
      host: processFacts.host,
      servedDisks: this.#units.servedCount,
      fullDisks: this.#space.fullDisks.slice(0, STATUS_DISKS_MAX),
      unserved: unservedDisks(this.#units.unserved),
      sessionCount: this.#server.sessions.length,
      sessions: sessions.map(({ identity }) => ({
        initiator: identity.initiatorName,
        target: identity.targetName,
      })),
      traffic: this.#figures.status,
    };
  }

  /** Asks the initiators to log out, refuses new ones, and waits, bounded, until they have left. */
  async drain(): Promise<void> {
    const { clock, log } = this.#options;
    const { drainSeconds } = this.#settings;
    this.#directory.draining = true;
    const count = () => this.#server.sessions.length;
    log.info('draining', { event: 'drain_begun', sessions: count(), seconds: drainSeconds });
    this.#members?.drain().catch((error: unknown) => {
      // Without sessions it closes at once, and others learn that it leaves in place of this.
      if (this.#isClosing) return;
      log.warn('the others cannot be told of the drain', { reason: String(error) });
    });
    this.#server.requestLogouts();
    const deadline = clock.now() + drainSeconds * 1000;
    while (count() > 0 && clock.now() < deadline) await sleep(clock, DRAIN_POLL_MS);
    log.info('drained', { event: 'drain_ended', sessions: count() });
  }

  /** Ends every session and lets go of the volumes; the store stays open. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    this.#isClosing = true;
    this.#directory.draining = true;
    this.#figures.close();
    this.#space.close();
    const closing = async (): Promise<boolean> => {
      await this.#listeners.close();
      await this.#documentWatch.close();
      await Promise.all(this.#requests.map((watch) => watch.close()));
      await this.#server.close(this.#closeReason);
      await this.#units.close();
      return true;
    };
    const isClean = await within(clock, CLOSE_WAIT_MAX_MS, closing());
    // What may still be under way is for the others to fence.
    const leaving = this.#members?.leave(isClean === true).catch((error: unknown) => {
      this.#options.log.warn('could not leave in order', { reason: String(error) });
    });
    if (leaving !== undefined) await within(clock, CLOSE_WAIT_MAX_MS, leaving);
  }

  /** All that takes time comes first; then logins, discovery and sessions switch in one turn. */
  async #serve({ version, document }: VersionedDocument): Promise<boolean> {
    const portals = this.#portalsOf(document);
    this.#options.store.spreadVolumes?.(document.settings.volumeInstances);
    const { units, whole, release } = await this.#units.prepare(document);
    await this.#listeners.listen(portals);
    const before = this.#server.sessions.map((session) => this.#lunsOf(session));
    const sessions = this.#server.sessions;
    this.#directory.serve(document, units);
    this.#settings = document.settings;
    this.#space.serve(units.values());
    this.#accessNews.serve(units.values());
    for (const [i, session] of sessions.entries()) {
      const luns = this.#lunsOf(session);
      if (luns !== undefined && !isSameMap(before[i], luns)) session.nexus?.updateLuns(luns);
    }
    // When this resolves, no session is left that this version would refuse.
    await Promise.all([this.#listeners.keep(portals), this.#server.endRefused()]);
    await release();
    if (version !== this.#documentWatch.version) {
      this.#options.log.info('serving', { version, portals: this.#listeners.portals });
    }
    return whole;
  }

  /** A gateway that left the document serves nothing, and waits to be stopped. */
  #portalsOf(document: ClusterDocument): readonly PortalEntry[] {
    return document.gateways.find(({ name }) => name === this.#options.name)?.portals ?? [];
  }

  #lunsOf({ identity }: Session): LunMap | undefined {
    const { targetName, initiatorName, portalGroupTag } = identity;
    return this.#directory.lunsOf(targetName, portalGroupTag, initiatorName);
  }
}

async function join(options: GatewayOptions): Promise<Members | undefined> {
  const { store, previous, clock, random, log } = options;
  if (store.fencing === undefined) return undefined;
  const members = await joinMembers({
    ...{ records: store.records, ...store.fencing, clock, random, log },
    ...(previous === undefined ? {} : { previous }),
  });
  store.fencing.joined?.(members);
  return members;
}

/** Read at each login: a session takes what the document says when it begins. */
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

function requireGateway(name: string, { document }: VersionedDocument): void {
  const names = document.gateways.map((gateway) => gateway.name);
  if (names.includes(name)) return;
  const hasInstead = `; it has ${names.join(', ') || 'none'}`;
  throw new Failure(
    'gatewayUnknown',
    `the document has no gateway ${name}${didYouMean(name, names) || hasInstead}`,
    { names },
  );
}

function isSameMap(a: LunMap | undefined, b: LunMap): boolean {
  return a !== undefined && a.size === b.size && [...b].every(([lun, unit]) => a.get(lun) === unit);
}
