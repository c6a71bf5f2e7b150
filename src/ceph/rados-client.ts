import { didYouMean } from '../base/closest-name.ts';
import { CallGate } from './call-gate.ts';
import { type Answer, type CephCalls, cephCalls } from './ceph-calls.ts';
import { cephFailure } from './ceph-failure.ts';
import type { CephNative } from './ceph-native.ts';
import { cephSettings } from './ceph-settings.ts';
import { connectHint } from './connect-hint.ts';
import { ENOENT } from './errno.ts';
import { RadosPool } from './rados-pool.ts';

interface RadosClientOptions {
  /** Path of the conf file. */
  readonly conf: string;
  /** Without `client.`, as `admin`. */
  readonly user: string;
  /** Path of a keyring other than the conf file names. */
  readonly keyring?: string;
  /** Settings of Ceph by name, over those of `cephSettings` and of the conf file. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface PoolOptions {
  readonly namespace?: string;
}

interface MonCommandResult {
  /** 0, or the negated errno that the monitor gave. */
  readonly errno: number;
  /** Its output, JSON when the command asked for `format: 'json'`. */
  readonly output: string;
  /** Its sentence for people, mostly empty. */
  readonly status: string;
}

interface ClusterStat {
  readonly errno: number;
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly availableBytes: number;
  readonly objects: number;
}

/**
 * One client instance of a cluster, the unit of fencing: what is blocklisted are its addresses, and
 * a blocklisted instance never serves again; connect a new one. Two in one process do not disturb
 * each other. Failures are negated errnos, except where an object is to be made (`connect`,
 * `openPool`): those reject with `Failure('cephFailed')`, see `errnoOf`.
 */
export class RadosClient {
  /** As `rados_blocklist_add` takes them, `127.0.0.1:0/3030794773`. */
  readonly addresses: string;
  /** The `gid` of this client's answers to notifications. */
  readonly instanceId: bigint;
  /** Bounds the calls of this client that hold a thread and may wait for an OSD. */
  readonly gate = new CallGate();
  /** Calls that search data objects, as often as initiators ask: no header waits for them. */
  readonly searchGate = new CallGate();
  /** Calls that wait only for the monitors: an OSD that hangs must not delay a barrier. */
  readonly #monGate = new CallGate();
  readonly #calls: CephCalls;
  readonly #handle: number;
  #closed: Promise<void> | undefined;

  private constructor(calls: CephCalls, handle: number) {
    this.#calls = calls;
    this.#handle = handle;
    this.addresses = calls.native.addresses(handle);
    this.instanceId = calls.native.instanceId(handle);
  }

  /**
   * Throws `Failure('cephMissing' | 'cephAddonMissing')` without Ceph on the machine, and
   * `Failure('cephFailed')` when the cluster does not answer within client_mount_timeout (-110),
   * the conf file is not there (-2) or the user is refused (-13, -1). `addon`: the addon of this
   * process, unless given.
   */
  static async connect(options: RadosClientOptions, addon?: CephCalls): Promise<RadosClient> {
    const calls = addon ?? cephCalls();
    const keyring = options.keyring === undefined ? {} : { keyring: options.keyring };
    const settings = Object.entries({ ...cephSettings, ...keyring, ...options.settings }).flat();
    const { errno, value } = await calls.call<number | string>((native, slot) => {
      native.connect(slot, options.user, options.conf, settings);
    });
    if (errno < 0) {
      const where = `no connection to the cluster of ${options.conf} as client.${options.user}`;
      const call = String(value ?? 'rados_connect');
      throw cephFailure(call, errno, where, connectHint(call, errno));
    }
    return new RadosClient(calls, value as number);
  }

  /**
   * A way to one pool, with a snapshot context of its own. Closed with `close`, before the client.
   * By name, or by id, as an image's data pool and parent are named.
   */
  async openPool(pool: string | number, options: PoolOptions = {}): Promise<RadosPool> {
    const namespace = options.namespace ?? '';
    const { errno, value } = await this.#blocking<number>((native, slot, client) => {
      if (typeof pool === 'string') native.openPool(slot, client, pool, namespace);
      else native.openPoolById(slot, client, pool, namespace);
    });
    if (errno < 0) {
      const isMissing = errno === ENOENT && typeof pool === 'string';
      const hint = isMissing ? `: there is none of that name${await this.#nearPool(pool)}` : '';
      throw cephFailure('rados_ioctx_create', errno, `the pool ${pool}`, hint);
    }
    return new RadosPool(this.#calls, this, value, typeof pool === 'string' ? pool : '');
  }

  /**
   * Keeps the client with these addresses from changing anything, for `seconds` (its expiry undoes
   * the fence: days, not minutes). When it resolves 0, the map is committed and this client has it.
   * Every other client must `waitForLatestOsdmap` before it relies on the fence.
   */
  async blocklist(addresses: string, seconds: number): Promise<number> {
    const { errno } = await this.#blocking((native, slot, client) =>
      native.blocklist(slot, client, addresses, seconds),
    );
    return errno;
  }

  /** 0 when this client has the newest map of the cluster: it passed the barrier of any fence. */
  async waitForLatestOsdmap(): Promise<number> {
    const { errno } = await this.#blocking((native, slot, client) =>
      native.waitForLatestOsdmap(slot, client),
    );
    return errno;
  }

  /** A command for the monitors, as `{ prefix: 'osd dump', format: 'json' }`. */
  async monCommand(command: Readonly<Record<string, unknown>>): Promise<MonCommandResult> {
    const { errno, value } = await this.#blocking<Omit<MonCommandResult, 'errno'> | undefined>(
      (native, slot, client) => native.monCommand(slot, client, JSON.stringify(command)),
    );
    return { errno, output: value?.output ?? '', status: value?.status ?? '' };
  }

  /** The cluster's fsid; empty with a negative errno. */
  async fsid(): Promise<{ errno: number; fsid: string }> {
    const { errno, value } = await this.#blocking<string | undefined>((native, slot, client) =>
      native.fsid(slot, client),
    );
    return { errno: Math.min(errno, 0), fsid: errno < 0 ? '' : (value ?? '') };
  }

  /** Space of the whole cluster; zeros while the cluster has no manager. */
  async clusterStat(): Promise<ClusterStat> {
    const { errno, value } = await this.#blocking<Omit<ClusterStat, 'errno'> | undefined>(
      (native, slot, client) => native.clusterStat(slot, client),
    );
    const { totalBytes = 0, usedBytes = 0, availableBytes = 0, objects = 0 } = value ?? {};
    return { errno, totalBytes, usedBytes, availableBytes, objects };
  }

  /**
   * Ends the instance. Images, watches and pools of it are closed before. Hangs as long as they do
   * (an OSD that does not answer); the process may leave all the same.
   */
  close(): Promise<void> {
    this.#closed ??= this.#calls
      .call((native, slot) => native.shutdown(slot, this.#handle))
      .then(() => undefined);
    return this.#closed;
  }

  /** The pool that was most likely meant, in words; empty if none is close, or none is shown. */
  async #nearPool(name: string): Promise<string> {
    const { errno, output } = await this.monCommand({ prefix: 'osd pool ls', format: 'json' });
    if (errno < 0) return '';
    return didYouMean(name, JSON.parse(output) as readonly string[]);
  }

  #blocking<T>(
    start: (native: CephNative, slot: number, client: number) => void,
    gate = this.#monGate,
  ): Promise<Answer<T>> {
    return gate.run(() => this.#calls.call<T>((native, slot) => start(native, slot, this.#handle)));
  }
}
