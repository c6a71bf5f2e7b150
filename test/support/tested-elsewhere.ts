// Long source files without a test of the same path, the test that covers each instead, and why.

export const LONG_FILE_LINES = 150;

interface Elsewhere {
  readonly test: string;
  /** Why a test of the same path would show less, or nothing. */
  readonly because: string;
}

export const testedElsewhere: Readonly<Record<string, Elsewhere>> = {
  'lab/ceph/ceph-daemon.ts': {
    test: 'test/cluster/throwaway-ceph.test.ts',
    because: 'daemons of Ceph are real there',
  },
  'lab/ceph/cluster-start.ts': {
    test: 'test/cluster/throwaway-ceph.test.ts',
    because: 'daemons of Ceph are real there',
  },
  'lab/ceph/throwaway-ceph.ts': {
    test: 'test/cluster/throwaway-ceph.test.ts',
    because: 'daemons of Ceph are real there',
  },
  'lab/demo/supervisor.ts': {
    test: 'test/process/demo.test.ts',
    because: 'it starts, stops and restarts processes',
  },
  'src/ceph/rados-pool.ts': {
    test: 'test/cluster/ceph-objects.test.ts',
    because: 'each call of it is one of librados, whose answers only a cluster gives',
  },
  'src/cli/runs/demo.ts': {
    test: 'test/process/demo.test.ts',
    because: 'it wires the supervisor to a terminal and to signals',
  },
  'src/iscsi/limits.ts': {
    test: 'test/unit/iscsi/deep-windows.test.ts',
    because: 'constants whose relations are asserted at load; what they bound is measured there',
  },
  'src/membership/limits.ts': {
    test: 'test/unit/membership/fence-work.test.ts',
    because: 'constants whose relations are asserted at load; how long a fence takes is seen there',
  },
  'src/membership/membership.ts': {
    test: 'test/contract/membership.ts',
    because: 'a contract, and its suite',
  },
  'src/records/local/open-local-records.ts': {
    test: 'test/unit/records/local/local-records.test.ts',
    because: 'members are processes there, with files that are taken away',
  },
  'src/scsi/standard/mode.ts': {
    test: 'test/unit/scsi/pages/mode-pages.test.ts',
    because: 'a table of the standard; pages are compared byte by byte there',
  },
  'src/scsi/standard/sbc.ts': {
    test: 'test/unit/scsi/reference.test.ts',
    because: 'a table of the standard without logic; the page that is made of it is compared there',
  },
  'src/scsi/standard/spc.ts': {
    test: 'test/unit/scsi/reference.test.ts',
    because: 'a table of the standard without logic; the page that is made of it is compared there',
  },
  'src/scsi/unit-state.ts': {
    test: 'test/unit/units/shared-unit-states.test.ts',
    because: 'a contract, which has no behaviour of its own',
  },
  'src/units/event-completion.ts': {
    test: 'test/unit/units/shared-unit-states.test.ts',
    because: 'gateways agree there; one of these files alone decides nothing',
  },
  'src/units/marked-units.ts': {
    test: 'test/unit/units/shared-unit-states.test.ts',
    because: 'gateways agree there; one of these files alone decides nothing',
  },
  'src/units/shared-unit-state.ts': {
    test: 'test/unit/units/shared-unit-states.test.ts',
    because: 'gateways agree there; one of these files alone decides nothing',
  },
  'src/units/unit-events.ts': {
    test: 'test/unit/units/shared-unit-states.test.ts',
    because: 'gateways agree there; one of these files alone decides nothing',
  },
  'src/volume/local/local-volume.ts': {
    test: 'test/contract/volume.test.ts',
    because: 'the suite of its contract runs on it',
  },
  'src/volume/rbd/open-image.ts': {
    test: 'test/cluster/volume-rbd-image.test.ts',
    because: 'librbd is real there',
  },
  'src/volume/rbd/rbd-volume-store.ts': {
    test: 'test/cluster/volume-rbd.test.ts',
    because: 'librbd is real there',
  },
  'src/volume/volume.ts': {
    test: 'test/contract/volume.ts',
    because: 'a contract, and its suite',
  },
};

/** The test of the same path. */
export function ownTestOf(source: string): string {
  return `test/unit/${source.replace(/^src\//, '').replace(/\.ts$/, '.test.ts')}`;
}

/** What is wrong with the tests of a source file of so many lines. */
export function missingTest(
  source: string,
  lines: number,
  isThere: (file: string) => boolean,
): string[] {
  const elsewhere = testedElsewhere[source];
  if (isThere(ownTestOf(source))) {
    return elsewhere === undefined ? [] : ['it has a test of its own: take it off the list'];
  }
  if (elsewhere !== undefined) {
    return isThere(elsewhere.test) ? [] : [`there is no ${elsewhere.test}`];
  }
  return lines < LONG_FILE_LINES ? [] : [`${lines} lines and no ${ownTestOf(source)}`];
}
