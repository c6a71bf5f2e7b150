// The rings of the tests: what each proves, costs, runs and needs. `npm test` runs them in order.

export interface Ring {
  readonly name: string;
  readonly proves: string;
  /** The cost of the ring on two quiet cores. */
  readonly costS: number;
  readonly commands?: readonly (readonly string[])[];
  readonly files?: readonly string[];
  /** Test files that run at a time, 1 unless given. */
  readonly concurrency?: number;
  /** Those of `files` that bound waits by the clock: they run first, one at a time. */
  readonly alone?: readonly string[];
  /** Skipped only with ALLPATH_TEST_CEPH=skip. */
  readonly needsCeph?: boolean;
  /** Debian packages, installed if they are absent; those of util-linux are not listed. */
  readonly packages?: readonly string[];
}

/** The rings of `npm test -- quick`. */
export const quickRings: readonly string[] = ['check', 'tidy', 'unit', 'contract'];

export const rings: readonly Ring[] = [
  {
    name: 'check',
    proves: 'types, lint and format are clean',
    costS: 8,
    commands: [
      ['tsc', '--noEmit'],
      ['biome', 'ci', '.'],
    ],
  },
  {
    name: 'tidy',
    proves: 'the tree follows its own rules: layers, sizes, names',
    costS: 4,
    files: ['test/tidy.test.ts'],
  },
  {
    name: 'unit',
    proves: 'each part by itself: examples, laws, and bytes against the standards',
    costS: 105,
    files: ['test/{unit,golden,property}/**/*.test.ts'],
    concurrency: 2,
    packages: ['sg3-utils'],
  },
  {
    name: 'contract',
    proves: 'every driver of volume and records keeps its contract',
    costS: 50,
    files: ['test/contract/**/*.test.ts'],
    concurrency: 2,
  },
  {
    name: 'simulation',
    proves: 'whole gateways keep their invariants in a seeded world, and planted errors are found',
    costS: 85,
    files: ['test/simulation/**/*.test.ts'],
    concurrency: 2,
  },
  {
    name: 'model',
    proves: 'the protocol of events holds in a model that is visited whole, and errors are found',
    costS: 40,
    files: ['test/model/**/*.test.ts'],
    packages: ['gcc', 'spin'],
  },
  {
    name: 'fuzz',
    proves: 'a few thousand hostile inputs to every parser, and to running gateways',
    costS: 70,
    files: ['test/{fuzz,hostile}/**/*.test.ts'],
    concurrency: 2,
  },
  {
    name: 'process',
    proves: 'the program and its gateways as processes, by their own initiator',
    costS: 190,
    files: ['test/process/**/*.test.ts'],
    concurrency: 2,
    packages: ['g++', 'git', 'iproute2', 'libiscsi-bin', 'qemu-utils', 'qemu-block-extra'],
  },
  {
    name: 'fault',
    proves: 'kill -9, SIGSTOP and cuts of real processes lose nothing acknowledged',
    costS: 105,
    files: ['test/fault/**/*.test.ts'],
    concurrency: 2,
    alone: [
      'test/fault/events-under-load.test.ts',
      'test/fault/sigstop.test.ts',
      'test/fault/stopped-writers.test.ts',
    ],
    packages: ['iproute2', 'nftables'],
  },
  {
    name: 'cluster',
    proves: 'on a real Ceph: what is said of the embedded store, and what only a cluster can do',
    costS: 660,
    files: ['test/cluster/**/*.test.ts'],
    concurrency: 2,
    alone: [
      'test/cluster/fence-rounds.test.ts',
      'test/cluster/sigstop.test.ts',
      'test/cluster/silent-osds.test.ts',
      'test/cluster/stopped-osd.test.ts',
    ],
    needsCeph: true,
    packages: [
      'g++',
      'git',
      'ceph-mon',
      'ceph-osd',
      'ceph-mgr',
      'ceph-common',
      'libiscsi-bin',
      'qemu-utils',
      'qemu-block-extra',
      'e2fsprogs',
      'iproute2',
      'nftables',
    ],
  },
  {
    name: 'conformance',
    proves: 'what initiators of other makers find: iscsi-test-cu, qemu-img, qemu-io',
    costS: 115,
    files: ['test/conformance/**/*.test.ts'],
    concurrency: 2,
    packages: ['libiscsi-bin', 'qemu-utils', 'qemu-block-extra', 'sg3-utils', 'e2fsprogs'],
  },
  {
    name: 'guest',
    proves: 'Linux as an initiator: open-iscsi, dm-multipath, file systems, resets, fence agents',
    costS: 355,
    files: ['test/guest/**/*.test.ts'],
    packages: ['qemu-system-x86', 'cpio', 'kmod', 'xz-utils'],
  },
  {
    name: 'bench',
    proves: 'the benchmarks run, with tiny input; figures are not checked',
    costS: 40,
    files: ['test/bench/**/*.test.ts'],
    packages: ['tgt', 'libiscsi-bin', 'qemu-utils', 'qemu-block-extra'],
  },
];
