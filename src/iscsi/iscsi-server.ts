import type { ByteStream } from '../base/byte-stream.ts';
import type { Clock } from '../base/clock.ts';
import { FreeList } from '../base/free-list.ts';
import type { Random } from '../base/random.ts';
import { SlabPool } from '../base/slab-pool.ts';
import type { Log } from '../log/log.ts';
import { LogLimiter } from '../log/log-limiter.ts';
import { Connection } from './connection.ts';
import type { Directory, Portal } from './contracts.ts';
import { DataBudget } from './data-budget.ts';
import { DiscoveryService } from './discovery.ts';
import { firstOfLargest } from './fair-share.ts';
import { firstBurstLength } from './first-burst.ts';
import { IscsiTask } from './iscsi-task.ts';
import {
  FREE_LOGIN_SLABS_MAX,
  FREE_SLABS_MAX,
  FREE_TASKS_MAX,
  type IscsiSettings,
  LOGIN_BUFFER_BYTES,
  SLAB_BYTES,
} from './limits.ts';
import type { LoginSettings } from './login/login-machine.ts';
import { LoginLog } from './login-log.ts';
import { networkOf } from './peer-network.ts';
import type { Session } from './session.ts';
import { SessionRegistry } from './session-registry.ts';
import { TurnShares } from './turn-share.ts';

interface IscsiServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly directory: Directory;
  readonly settings: IscsiSettings;
  readonly login: LoginSettings;
  /**
   * Whether PDUs may be taken now (asked for each batch of them); after false, `recheck` is to be
   * called. Always, when left out.
   */
  readonly mayAct?: () => boolean;
  /** Buffers of sessions, and of logins and discovery sessions; its own when left out. */
  readonly pool?: SlabPool;
  readonly loginPool?: SlabPool;
}

/** The iSCSI transport of a gateway: takes connections, knows the sessions. */
export class IscsiServer {
  readonly #options: IscsiServerOptions;
  readonly #budget: DataBudget;
  readonly #tasks: FreeList<IscsiTask> = new FreeList(
    FREE_TASKS_MAX,
    () => new IscsiTask(this.#tasks),
  );
  readonly #loginSettings: LoginSettings;
  readonly #loginPool: SlabPool;
  readonly #turnShares: TurnShares;
  readonly #registry: SessionRegistry;
  readonly #limiter: LogLimiter;
  /** In the order of their coming: the first is the oldest. */
  readonly #pending = new Set<Connection>();
  readonly #connections = new Set<Connection>();

  constructor(options: IscsiServerOptions) {
    this.#options = options;
    this.#turnShares = new TurnShares(options.clock);
    this.#limiter = new LogLimiter(options.clock, options.log);
    const pool = options.pool ?? new SlabPool(SLAB_BYTES, FREE_SLABS_MAX);
    this.#budget = new DataBudget(pool, options.clock);
    this.#loginPool = options.loginPool ?? new SlabPool(LOGIN_BUFFER_BYTES, FREE_LOGIN_SLABS_MAX);
    this.#registry = new SessionRegistry(options.settings.sessionsMax);
    this.#loginSettings = withFirstBurst(options, () => this.#normalSessions);
  }

  /** Sessions in full feature phase, discovery sessions too. */
  get sessions(): readonly Session[] {
    const sessions: Session[] = [];
    for (const each of this.#connections) if (each.session) sessions.push(each.session);
    return sessions;
  }

  /** The memory of the commands of all sessions. */
  get budget(): DataBudget {
    return this.#budget;
  }

  get #normalSessions(): number {
    let count = 0;
    for (const { session } of this.#connections) if (session?.nexus !== undefined) count++;
    return count;
  }

  /** Takes a connection that came in through a portal. */
  accept(stream: ByteStream, portal: Portal): void {
    this.#makeRoom();
    const { clock, log, random, directory, settings } = this.#options;
    const registry = this.#registry;
    const network = networkOf(stream.remote.address);
    const { portalGroupTag } = portal;
    const connection = new Connection({
      stream,
      portal,
      clock,
      turnShares: this.#turnShares,
      mayAct: this.#options.mayAct ?? always,
      log: log.child({ address: stream.remote.address, port: stream.remote.port }),
      loginLog: new LoginLog(this.#limiter, stream.remote, portal),
      budget: this.#budget,
      network,
      tasks: this.#tasks,
      loginPool: this.#loginPool,
      registry,
      queueDepth: settings.queueDepth,
      context: {
        directory,
        portal,
        random,
        settings: this.#loginSettings,
        allocateTsih: (login) => registry.reserveTsih({ ...login, network, portalGroupTag }),
        sessionExists: (name, isid, tsih) => registry.exists(name, isid, tsih),
      },
      newDiscovery: ({ initiatorName, target }) =>
        new DiscoveryService({ directory, initiatorName, ownTarget: target?.targetName }, clock),
      onSession: (each) => {
        this.#pending.delete(each);
        registry.enter(each);
      },
      onClosed: (each) => {
        this.#pending.delete(each);
        this.#connections.delete(each);
        if (each.session !== undefined) registry.leave(each);
      },
    });
    this.#pending.add(connection);
    this.#connections.add(connection);
  }

  /** PDUs may be taken again. */
  recheck(): void {
    for (const each of this.#connections) each.recheck();
  }

  /**
   * Ends the sessions of a target when their queued PDUs have left; one that asked for that ends
   * after its answer.
   */
  endTarget(targetName: string, reason: string): void {
    for (const each of [...this.#connections]) {
      const { session } = each;
      if (session === undefined || session.isEndingItself) continue;
      if (session.identity.targetName === targetName) each.end(reason, 'afterSending');
    }
  }

  /** Asks every initiator to log out (draining). */
  requestLogouts(): void {
    for (const each of this.#connections) each.requestLogout();
  }

  /**
   * Ends the sessions that the directory would no longer admit; resolves when they have no command
   * in flight. A session that is reading a list of targets must ask again. Logins in progress are
   * checked at their end.
   */
  async endRefused(): Promise<void> {
    const ends: Promise<void>[] = [];
    for (const each of [...this.#connections]) {
      if (each.session === undefined) continue;
      const { refusal } = each;
      if (refusal === undefined) each.session.discovery.drop();
      else ends.push(each.terminate(`the document changed: ${refusal.reason}`));
    }
    await Promise.all(ends);
  }

  /** Ends every connection. */
  async close(reason = 'gateway stops'): Promise<void> {
    await Promise.all([...this.#connections].map((each) => each.terminate(reason)));
    this.#limiter.close();
  }

  /** A flood of connections that never log in can only keep out peers of its own network. */
  #makeRoom(): void {
    if (this.#pending.size < this.#options.settings.pendingLoginsMax) return;
    firstOfLargest([...this.#pending])?.end('room for a newer login', 'now');
  }
}

function always(): boolean {
  return true;
}

/** Logins are offered a first burst that there is memory for, as of their negotiation. */
function withFirstBurst(options: IscsiServerOptions, sessions: () => number): LoginSettings {
  const { login, settings } = options;
  return {
    chap: login.chap,
    get negotiation() {
      const { negotiation } = login;
      const bytes = firstBurstLength(sessions(), settings.queueDepth);
      const first = Math.min(negotiation.firstBurstLength, bytes);
      return { ...negotiation, firstBurstLength: first };
    },
  };
}
