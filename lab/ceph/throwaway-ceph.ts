import { existsSync, globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { Failure } from '../../src/base/failure.ts';
import { systemReason } from '../../src/base/system-reason.ts';
import { makeOwnedFolder, removeOwnedFolder } from '../../src/host/owned-folder.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import type { ConfLines, OsdBackend } from './ceph-conf.ts';
import { type CephDaemon, killLeftDaemon } from './ceph-daemon.ts';
import type { Capabilities } from './ceph-key.ts';
import { type CephPrograms, findCephPrograms } from './ceph-programs.ts';
import {
  type ClusterParts,
  type ClusterPlan,
  clusterParts,
  confOf,
  daemonsOf,
  keyringOf,
  MON_NAMES,
  osdsUp,
  startCluster,
} from './cluster-start.ts';
import type { MonCommand } from './mon-client.ts';
import { CLUSTERS_MAX, claimPorts, type PortClaim } from './port-claim.ts';
import { runCephProgram } from './program-run.ts';

const FOLDER_PREFIX = 'allpath-ceph-';
const LOOPBACK = '127.0.0.1';
const OSDS_MAX = 16;
/** Sparse: it takes only the space that is written. */
const OSD_SIZE_DEFAULT_BYTES = 6 * 2 ** 30;
/** A start takes 1 to 3 s; with both cores busy, 16 s were seen. */
const START_LIMIT_MS = 120_000;
/** One command, or one run of a program. */
const COMMAND_LIMIT_MS = 60_000;
/** Daemons that left a log behind and are quoted when a start fails. */
const QUOTED_DAEMONS_MAX = 4;
/** Unix sockets have names of at most 107 bytes, and `/run/client.admin.asok` follows. */
const FOLDER_LENGTH_MAX = 80;

export interface ThrowawayCephOptions {
  /** 1 unless given; at most 16. */
  readonly osds?: number;
  /** 1 unless given; at most 5. With three or more, the cluster survives the loss of one. */
  readonly mons?: number;
  /** `bluestore` unless given. */
  readonly backend?: OsdBackend;
  readonly osdSizeBytes?: number;
  /** Needed only for usage figures, quotas and health; takes 310 MiB. Off unless given. */
  readonly mgr?: boolean;
  /**
   * An IPv4 address of this machine, for clients in other network namespaces; 127.0.0.1 if none.
   */
  readonly address?: string;
  /** Further lines of ceph.conf, by section. */
  readonly lines?: ConfLines;
  /** The parent of the cluster's folder; the system's temporary folder unless given. */
  readonly parent?: string;
  /** The folders with the programs of Ceph; Debian's folders unless given. */
  readonly programFolders?: readonly string[];
  readonly onProgress?: (text: string) => void;
}

/**
 * A real, small Ceph cluster on this machine, in its own folder: one monitor or several, OSDs,
 * cephx, no pool yet. It uses neither /etc/ceph nor /var/lib/ceph nor a service manager, and
 * several can run at once. It ends with this process, however that ends; the next start removes
 * what a killed one left in the temporary folder.
 */
export class ThrowawayCeph {
  readonly folder: string;
  /** The configuration of clients. It also names the keyrings. */
  readonly conf: string;
  /** The first of `mons`. */
  readonly mon: CephDaemon;
  readonly mons: readonly CephDaemon[];
  readonly osds: readonly CephDaemon[];
  readonly mgr: CephDaemon | undefined;
  /** Its ports. */
  readonly ports: PortClaim;
  readonly #parts: ClusterParts;
  readonly #programs: CephPrograms;
  readonly #clock: Clock;
  #stopped: Promise<void> | undefined;

  private constructor(plan: ClusterPlan, parts: ClusterParts) {
    this.folder = plan.folder;
    this.conf = confOf(plan.folder);
    this.mon = parts.mons[0]!;
    this.mons = parts.mons;
    this.osds = parts.osds;
    this.mgr = parts.mgr;
    this.ports = plan.ports;
    this.#parts = parts;
    this.#programs = plan.programs;
    this.#clock = plan.clock;
  }

  /**
   * Resolves when all OSDs are up. Throws `cephPackagesMissing`, or `cephStartFailed` with the last
   * words of the daemons; then everything is removed again.
   */
  static async start(options: ThrowawayCephOptions = {}): Promise<ThrowawayCeph> {
    const { osds = 1, mons = 1, mgr = false, address = LOOPBACK } = options;
    const { onProgress = () => {} } = options;
    if (!Number.isInteger(osds) || osds < 1 || osds > OSDS_MAX) {
      throw new Failure('cephOptions', `a throwaway Ceph has 1 to ${OSDS_MAX} OSDs`);
    }
    if (!Number.isInteger(mons) || mons < 1 || mons > MON_NAMES.length) {
      const max = MON_NAMES.length;
      throw new Failure('cephOptions', `a throwaway Ceph has 1 to ${max} monitors`);
    }
    const programs = findCephPrograms(mgr, options.programFolders);
    const folder = await makeFolder(options.parent);
    let ports: PortClaim | undefined;
    try {
      ports = await claimPorts(systemRandom.below(CLUSTERS_MAX), address);
      const plan: ClusterPlan = {
        folder,
        address,
        ports,
        programs,
        mons,
        osds,
        backend: options.backend ?? 'bluestore',
        osdSizeBytes: options.osdSizeBytes ?? OSD_SIZE_DEFAULT_BYTES,
        mgr,
        lines: options.lines ?? {},
        clock: systemClock,
        random: systemRandom,
        limitMs: START_LIMIT_MS,
        onProgress,
      };
      return await ThrowawayCeph.#start(plan);
    } catch (error) {
      await ports?.release();
      await removeOwnedFolder(folder);
      throw error;
    }
  }

  static async #start(plan: ClusterPlan): Promise<ThrowawayCeph> {
    const parts = clusterParts(plan);
    try {
      await startCluster(plan, parts);
      return new ThrowawayCeph(plan, parts);
    } catch (cause) {
      const words = await lastWords(daemonsOf(parts));
      await endAll(parts);
      const why = systemReason(cause);
      const message = `the throwaway Ceph did not start: ${why}${words}`;
      throw new Failure('cephStartFailed', message, {}, { cause });
    }
  }

  /**
   * Kills the daemons, which may be stopped, and removes every trace. Close clients first, because
   * librados waits for daemons that are gone.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The file that holds a user's key: `admin`, or one that `createUser` made. */
  keyring(user = 'admin'): string {
    return keyringOf(this.folder, `client.${user}`);
  }

  /** The answer of the monitor to its administrator. Throws `cephCommandFailed`. */
  async ask(command: MonCommand): Promise<string> {
    return await this.#parts.monClient.ask(command, COMMAND_LIMIT_MS);
  }

  /** `ask` for an answer in JSON. */
  async askJson(command: MonCommand): Promise<unknown> {
    return await this.#parts.monClient.askJson(command, COMMAND_LIMIT_MS);
  }

  /** Runs `rbd` on the cluster, as its administrator unless a user is given in `args`. */
  async rbd(...args: readonly string[]): Promise<string> {
    return await this.#run('rbd', args);
  }

  /** Runs `rados` on the cluster, like `rbd`. */
  async rados(...args: readonly string[]): Promise<string> {
    return await this.#run('rados', args);
  }

  /** Resolves when that many OSDs (all of them unless given) are up in the monitor's map. */
  async osdsUp(count = this.osds.length): Promise<void> {
    await osdsUp(this.#parts, count, this.#clock.now() + START_LIMIT_MS, this.#clock);
  }

  /**
   * Makes a user with these capabilities (`{ mon: 'profile rbd', osd: 'profile rbd pool=a' }`), and
   * its keyring, which `conf` lets clients of that id find.
   */
  async createUser(user: string, caps: Capabilities): Promise<void> {
    const entity = `client.${user}`;
    const pairs = Object.entries(caps).flat();
    const text = await this.ask({ prefix: 'auth get-or-create', entity, caps: pairs });
    await writeFile(this.keyring(user), text, { mode: 0o600 });
  }

  async #run(program: 'rbd' | 'rados', args: readonly string[]): Promise<string> {
    const file = this.#programs.get(program)!;
    // A client without an OSD for its request asks for a new map only at each such tick.
    const eager = ['--objecter_tick_interval', '0.1', '--objecter_timeout', '0.5'];
    return await runCephProgram(file, ['-c', this.conf, ...eager, ...args], COMMAND_LIMIT_MS);
  }

  async #stop(): Promise<void> {
    await endAll(this.#parts);
    await this.ports.release();
    await removeOwnedFolder(this.folder);
  }
}

async function endAll(parts: ClusterParts): Promise<void> {
  await parts.monClient.close();
  await Promise.all(daemonsOf(parts).map((daemon) => daemon.kill()));
}

async function makeFolder(parent: string | undefined): Promise<string> {
  const folder = await makeOwnedFolder({
    prefix: FOLDER_PREFIX,
    ...(parent === undefined ? {} : { parent }),
    onLeftover: async (left) => killLeftDaemons(left),
  });
  if (folder.length <= FOLDER_LENGTH_MAX) return folder;
  await removeOwnedFolder(folder);
  const max = FOLDER_LENGTH_MAX;
  throw new Failure('cephOptions', `too long for Ceph's sockets (${max} characters): ${folder}`);
}

/**
 * For the rare daemon whose parent was killed before it could ask the kernel to end the daemon with
 * it.
 */
function killLeftDaemons(folder: string): void {
  for (const file of globSync(join(folder, 'run', '*.pid'))) {
    const pid = Number(readFileSync(file, 'latin1').trim());
    const commandLine = `/proc/${pid}/cmdline`;
    if (!(pid > 0) || !existsSync(commandLine)) continue;
    killLeftDaemon(pid, confOf(folder), readFileSync(commandLine, 'utf8'));
  }
}

async function lastWords(daemons: readonly CephDaemon[]): Promise<string> {
  const words = await Promise.all(
    daemons.map(async (daemon) => {
      const text = await daemon.lastWords();
      return text === '' ? '' : `\n--- ${daemon.name}:\n${text}`;
    }),
  );
  return words
    .filter((text) => text !== '')
    .slice(0, QUOTED_DAEMONS_MAX)
    .join('');
}
