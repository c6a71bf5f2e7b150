import type { Listen } from '../base/byte-stream.ts';
import { type Clock, sleep, within } from '../base/clock.ts';
import type { ProcessFacts } from '../base/process-facts.ts';
import type { Random } from '../base/random.ts';
import { errorText } from '../base/system-reason.ts';
import { volumeNameOf } from '../config/disk-identity.ts';
import type { ClusterDocument } from '../config/document.ts';
import {
  type GatewayStatus,
  STATUS_DISKS_MAX,
  STATUS_MARKS_MAX,
  STATUS_SESSIONS_MAX,
  unservedDisks,
} from '../control/channels.ts';
import type { VersionedDocument } from '../control/document/document-record.ts';
import type { Log } from '../log/log.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { Member } from '../records/records.ts';
import { ENDLESS_LEASE } from '../scsi/state-lease.ts';
import { AccessStateNotifier } from './access-state-notifier.ts';
import { CommandMetrics, NO_DISK } from './command-metrics.ts';
import { copyAnswer } from './copy-requests.ts';
import { DocumentWatch } from './document-watch.ts';
import { readFirstDocument } from './first-document.ts';
import { gatewayCopies } from './gateway-copies.ts';
import { END_REASONS, type GatewayEnd } from './gateway-end.ts';
import { type JoinedStore, joinStore } from './join-store.ts';
import { LiveFigures } from './live-figures.ts';
import { LogicalUnits } from './logical-units.ts';
import { measuredVolumes } from './measured-volumes.ts';
import { openTransport } from './open-transport.ts';
import { readPinnedDocument } from './pinned-document.ts';
import { PortGroups } from './port-groups.ts';
import './room-limits.ts';
import { resetAsked } from './reset-requests.ts';
import { type ServedDocument, servedDocument } from './served-document.ts';
import { sessionsAnswer } from './session-requests.ts';
import { SpaceWatch } from './space-watch.ts';
import type { Store } from './store.ts';
import { ToolRequests } from './tool-requests.ts';
import type { Transport } from './transport.ts';

/** How often a draining gateway looks whether its initiators have left. */
const DRAIN_POLL_MS = 50;
/** Closing waits this long for commands under way; then the process ends all the same. */
const CLOSE_WAIT_MAX_MS = 3_000;

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
  readonly #portGroups: PortGroups;
  readonly #transport: Transport;
  readonly #units: LogicalUnits;
  readonly #documentWatch: DocumentWatch;
  readonly #metrics = new Metrics();
  readonly #figures: LiveFigures;
  readonly #space: SpaceWatch;
  readonly #accessStates: AccessStateNotifier;
  readonly #requests: ToolRequests;
  readonly #startedMs: number;
  readonly #since: string;
  readonly #joined: JoinedStore;
  readonly #over = Promise.withResolvers<GatewayEnd>();
  #admission: Promise<void> | undefined;
  #served: ServedDocument | undefined;
  #isClosing = false;
  /** Why sessions end when this gateway closes. */
  #closeReason = 'gateway stops';
  /** Of the document that is served. */
  #settings: ClusterDocument['settings'];

  private constructor(
    options: GatewayOptions,
    settings: ClusterDocument['settings'],
    joined: JoinedStore,
  ) {
    const { name, store, listen, clock, random, log } = options;
    const { membership, unitStates } = joined;
    this.#options = options;
    this.#settings = settings;
    this.#joined = joined;
    this.#startedMs = clock.now();
    this.#since = options.processFacts.utc();
    const volumes = measuredVolumes(store, this.#metrics, clock);
    this.#units = new LogicalUnits({
      ...{ store: volumes, states: unitStates, log, clock },
      onUnfenced: (disk) => {
        log.write('writes_not_fenced', { disk });
        this.#over.resolve('unfenced');
      },
      onTargetEnded: (targetName) => this.#transport.endTarget(targetName, 'TARGET COLD RESET'),
    });
    void this.#over.promise.then((end) => {
      this.#closeReason = END_REASONS[end];
    });
    void joined.behind.then(() => this.#over.resolve('behind'));
    void store.fencing?.unfenced?.then(() => this.#over.resolve('unfenced'));
    this.#portGroups = new PortGroups(name);
    if (membership !== undefined) this.#portGroups.follow(membership.view);
    this.#accessStates = new AccessStateNotifier(clock);
    const utcMs = () => options.processFacts.utcMs();
    const copyManager = gatewayCopies(store.records, random, utcMs);
    this.#transport = openTransport({
      gateway: name,
      incarnation: store.records.self.incarnation,
      settings,
      portGroups: this.#portGroups,
      probe: new CommandMetrics(this.#metrics, clock),
      lease: membership?.memoryLease ?? ENDLESS_LEASE,
      mayAct: membership === undefined ? () => true : () => membership.mayAct(),
      ...{ listen, copyManager, clock, random, log },
    });
    this.#figures = new LiveFigures(this.#metrics, clock);
    this.#space = new SpaceWatch({
      volumes,
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
    this.#requests = new ToolRequests({
      ...{ records: store.records, membership, clock, log },
      status: () => this.status,
      answers: {
        sessions: (request) => {
          const [{ sessions }, since, startedMs] = [this.#transport, this.#since, this.#startedMs];
          return sessionsAnswer({ gateway: name, sessions, since, startedMs }, request);
        },
        reset: (request) => resetAsked({ name, served: this.#served, clock }, request),
        copy: (name) => copyAnswer(copyManager.copies.reportOf(name)),
        holders: ({ uuid }) => ({ holds: unitStates.holds(uuid) }),
      },
    });
    membership?.listen({
      onConfirmed: () => this.#transport.recheck(),
      onView: (view) => {
        if (this.#portGroups.follow(view)) this.#accessStates.notify();
        this.#documentWatch.follow(view.documentVersion);
      },
      onGone: () => this.#units.readAgain(),
      onClosed: (reason) => this.#over.resolve(reason),
    });
  }

  /**
   * Joins the other gateways, and resolves when every portal admits logins. Rejects with
   * `documentMissing`, `gatewayUnknown`, `portalUnavailable` or why it could not join.
   */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const document = await readFirstDocument(options.store.records, options.name);
    const joined = await joinStore(options);
    const gateway = new Gateway(options, document.settings, joined);
    try {
      await gateway.#documentWatch.open();
      gateway.#space.open();
      await gateway.#requests.open();
    } catch (error) {
      await gateway.close();
      throw error;
    }
    return gateway;
  }

  /** The member that this gateway is to the others. */
  get self(): Member {
    return this.#options.store.records.self;
  }

  /**
   * Resolves when this gateway is fenced, cut off from its store, or has to be fenced: it may do
   * nothing further, and its caller starts another in its place.
   */
  get over(): Promise<GatewayEnd> {
    return this.#over.promise;
  }

  get status(): GatewayStatus {
    const { processFacts } = this.#options;
    const { sessions } = this.#transport;
    return {
      name: this.#options.name,
      pid: processFacts.pid,
      documentVersion: this.#documentWatch.version,
      draining: this.#portGroups.isDraining,
      since: this.#since,
      uptimeSeconds: Math.round((this.#options.clock.now() - this.#startedMs) / 1000),
      residentBytes: processFacts.residentBytes(),
      portals: this.#transport.portals,
      host: processFacts.host,
      servedDisks: this.#units.servedCount,
      fullDisks: this.#space.fullDisks.slice(0, STATUS_DISKS_MAX),
      unserved: unservedDisks(this.#units.unserved),
      sessionCount: sessions.length,
      sessions: sessions
        .slice(0, STATUS_SESSIONS_MAX)
        .map(({ initiator, target }) => ({ initiator, target })),
      traffic: this.#figures.status,
      enforced: this.#enforced,
    };
  }

  /** Asks the initiators to log out, refuses new ones, and waits, bounded, until they have left. */
  async drain(): Promise<void> {
    const { clock, log } = this.#options;
    const { drainSeconds } = this.#settings;
    this.#portGroups.isDraining = true;
    const count = () => this.#transport.sessions.length;
    log.write('drain_started', { sessions: count(), drainSeconds });
    this.#joined.membership?.drain().catch((error: unknown) => {
      // Without sessions it closes at once, and others learn that it leaves in place of this.
      if (this.#isClosing) return;
      log.write('drain_not_announced', { reason: errorText(error) });
    });
    this.#transport.requestLogouts();
    const deadline = clock.now() + drainSeconds * 1000;
    while (count() > 0 && clock.now() < deadline) await sleep(clock, DRAIN_POLL_MS);
    log.write('drain_ended', { sessions: count() });
  }

  /** Ends every session and releases the volumes; the store stays open. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    this.#isClosing = true;
    this.#portGroups.isDraining = true;
    this.#figures.close();
    this.#space.close();
    const closing = async (): Promise<boolean> => {
      await this.#transport.stopListening();
      // Sessions end at once: a read of the document that is under way may take long.
      await Promise.all([
        this.#transport.close(this.#closeReason),
        this.#documentWatch.close(),
        this.#requests.close(),
      ]);
      await this.#units.close();
      return true;
    };
    const isClean = await within(clock, CLOSE_WAIT_MAX_MS, closing());
    // The others fence operations that may still be in flight.
    const leaving = this.#joined.leave(isClean === true).catch((error: unknown) => {
      this.#options.log.write('leave_failed', { reason: errorText(error) });
    });
    await within(clock, CLOSE_WAIT_MAX_MS, leaving);
  }

  /** Whoever shows itself as serving has loaded its logical units, and its portals listen. */
  async #admit(): Promise<void> {
    this.#admission ??= this.#joined.membership?.admit();
    await this.#admission;
  }

  get #enforced(): Readonly<Record<string, number>> {
    const { membership, unitStates } = this.#joined;
    const marked = new Set(membership?.view.marks.map(({ unit }) => unit));
    const held = [...marked].filter((uuid) => unitStates.holds(uuid)).slice(0, STATUS_MARKS_MAX);
    return Object.fromEntries(held.map((uuid) => [uuid, unitStates.enforcedOf(uuid) ?? -1]));
  }

  /** All that takes time comes first; then logins, discovery and sessions switch in one turn. */
  async #serve({ version, document }: VersionedDocument): Promise<boolean> {
    this.#options.store.spreadVolumes?.(document.settings.volumeInstances);
    const { units, whole, begin, serve, release } = await this.#units.prepare(document, version);
    await this.#transport.listen(servedDocument(document, units));
    await this.#admit();
    const begun = await begin();
    serve();
    // Being admitted may have begun another life.
    this.#units.readAgain();
    const next = servedDocument(document, begun);
    this.#portGroups.serve(next.portGroups);
    this.#transport.serve(next);
    this.#served = next;
    this.#settings = document.settings;
    this.#space.serve(units.values());
    this.#metrics.keep('disk', new Set([NO_DISK, ...units.keys()]));
    this.#metrics.keep('volume', new Set(document.disks.map(volumeNameOf)));
    this.#accessStates.serve(units.values());
    // When this resolves, no session is left that this version would refuse.
    await this.#transport.endRefused();
    await release();
    if (version !== this.#documentWatch.version) {
      const { portals } = this.#transport;
      this.#options.log.write('document_served', { version, portals });
    }
    return whole && begun.size === units.size;
  }
}
