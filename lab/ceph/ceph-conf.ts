/** Where a throwaway OSD keeps its objects. */
export type OsdBackend =
  /** In the memory of its process: the fastest, but a killed OSD loses everything. */
  | 'memstore'
  /** In a sparse file: acknowledged data of a killed OSD is there after its restart. */
  | 'bluestore';

interface CephConfOptions {
  readonly folder: string;
  readonly fsid: string;
  /** All daemons listen on it. */
  readonly address: string;
  /** The monitors listen on the first, the other daemons on the rest. */
  readonly ports: { readonly first: number; readonly last: number };
  readonly mons: number;
  readonly backend: OsdBackend;
  readonly osdSizeBytes: number;
  /** Copies of an object, unless the pool has its own number. */
  readonly poolSize: number;
  /** Lines by section, which come last and so take precedence. */
  readonly lines: ConfLines;
}

/** Lines like `osd heartbeat grace = 5`. */
export type ConfLines = Readonly<
  Partial<Record<'global' | 'mon' | 'osd' | 'mgr' | 'client', readonly string[]>>
>;

/** Placement groups of a throwaway pool. */
export const PLACEMENT_GROUPS = 8;
/**
 * An OSD serves a placement group while it holds a read lease, by default for 16 s. It retries an
 * operation that waits for a lease when another OSD acknowledges one, so an operation on a group
 * with one copy waits for ever once a stop of its OSD has outlasted the lease. This is longer than
 * any stop here.
 */
export const LONE_COPY_LEASE_S = 300;
/** The default of `osd heartbeat grace`; the lease of Ceph is a multiple of it. */
const HEARTBEAT_GRACE_S = 20;
/** Both sizes suit a machine that also runs the clients of the cluster. */
const BLUESTORE_CACHE_BYTES = 128 * 2 ** 20;
const OSD_MEMORY_TARGET_BYTES = 896 * 2 ** 20;

/** The address of a monitor for clients: messenger version 2 only. */
function monAddress(address: string, port: number): string {
  return `[v2:${address}:${port}]`;
}

/** The addresses of all monitors, in the order of their names. */
export function monAddresses({
  address,
  ports,
  mons,
}: Pick<CephConfOptions, 'address' | 'ports' | 'mons'>): readonly string[] {
  return Array.from({ length: mons }, (_, index) => monAddress(address, ports.first + index));
}

/**
 * The text of the cluster's ceph.conf. It names only the cluster's own folder, and sets nothing for
 * clients: a gateway makes its own settings.
 */
export function cephConf(options: CephConfOptions): string {
  const { lines } = options;
  const sections: readonly [keyof ConfLines, readonly string[]][] = [
    ['global', globalLines(options)],
    ['mon', monLines(options)],
    ['mgr', mgrLines(options)],
    ['osd', osdLines(options)],
    ['client', []],
  ];
  return sections
    .map(([name, own]) => `[${name}]\n${[...own, ...(lines[name] ?? [])].join('\n')}\n`)
    .join('\n');
}

function globalLines(options: CephConfOptions): readonly string[] {
  const { folder, fsid, address, ports, mons, poolSize } = options;
  return [
    `fsid = ${fsid}`,
    `mon host = ${monAddresses(options).join(',')}`,
    `public addr = ${address}`,
    `cluster addr = ${address}`,
    'ms bind msgr1 = false',
    `ms bind port min = ${ports.first + mons}`,
    `ms bind port max = ${ports.last}`,
    `keyring = ${folder}/keys/$name.keyring`,
    `run dir = ${folder}/run`,
    `crash dir = ${folder}/crash`,
    `osd pool default size = ${poolSize}`,
    'osd pool default min size = 1',
    ...(poolSize === 1
      ? [`osd pool default read lease ratio = ${LONE_COPY_LEASE_S / HEARTBEAT_GRACE_S}`]
      : []),
    `osd pool default pg num = ${PLACEMENT_GROUPS}`,
    `osd pool default pgp num = ${PLACEMENT_GROUPS}`,
    'osd pool default pg autoscale mode = off',
    // One host holds all copies.
    'osd crush chooseleaf type = 0',
    'mon allow pool size one = true',
    'mon allow pool delete = true',
    'mon max pg per osd = 1000',
    'auth allow insecure global id reclaim = false',
  ];
}

/** The settings of all daemons: their files are in the folder of the cluster. */
function daemonLines(folder: string): readonly string[] {
  return [
    `pid file = ${folder}/run/$name.pid`,
    `admin socket = ${folder}/run/$name.asok`,
    `log file = ${folder}/log/$name.log`,
    'log to stderr = false',
    'err to stderr = true',
  ];
}

function monLines({ folder }: CephConfOptions): readonly string[] {
  return [
    ...daemonLines(folder),
    `mon data = ${folder}/mon.$id`,
    // Monitors authenticate each other by it; without it they would refuse cephx.
    `keyring = ${folder}/mon.keyring`,
    `mon cluster log file = ${folder}/log/cluster.log`,
    // By default a second, which would delay every change of a map.
    'paxos propose interval = 0.05',
    // By default five seconds, which would delay the effect of a quota.
    'mon tick interval = 1',
    'mon osd min down reporters = 1',
    // Others use the disk as well.
    'mon data avail warn = 3',
    'mon data avail crit = 1',
    'mon warn on pool no redundancy = false',
    'mon warn on pool no app = false',
  ];
}

function mgrLines({ folder }: CephConfOptions): readonly string[] {
  return [
    ...daemonLines(folder),
    `mgr data = ${folder}/mgr`,
    'mgr initial modules =',
    'mgr stats period = 1',
    'mgr tick period = 1',
  ];
}

function osdLines({ folder, backend, osdSizeBytes }: CephConfOptions): readonly string[] {
  return [
    ...daemonLines(folder),
    `osd data = ${folder}/osd.$id`,
    `osd objectstore = ${backend}`,
    `memstore device bytes = ${osdSizeBytes}`,
    // It is written only at a clean end.
    ...(backend === 'memstore' ? ['osd fast shutdown = false'] : []),
    `bluestore block size = ${osdSizeBytes}`,
    'bluestore block create = true',
    'bluestore cache autotune = false',
    `bluestore cache size = ${BLUESTORE_CACHE_BYTES}`,
    `osd memory target = ${OSD_MEMORY_TARGET_BYTES}`,
    // Closing a block device waits for one such poll, and a start closes nine.
    'bdev aio poll ms = 25',
    'osd op num shards = 2',
    'osd op num threads per shard = 1',
    'osd max scrubs = 0',
    // The limits of file systems other than XFS.
    'osd max object name len = 256',
    'osd max object namespace len = 64',
  ];
}
