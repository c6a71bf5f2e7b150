// Long source files without a test of the same path, and the test that proves them instead: the
// suite of a contract, a real cluster, or the page that is made of their table.

export const LONG_FILE_LINES = 150;

export const testedElsewhere: Readonly<Record<string, string>> = {
  'lab/ceph/ceph-daemon.ts': 'test/cluster/throwaway-ceph.test.ts',
  'lab/ceph/cluster-start.ts': 'test/cluster/throwaway-ceph.test.ts',
  'lab/ceph/throwaway-ceph.ts': 'test/cluster/throwaway-ceph.test.ts',
  'lab/demo/supervisor.ts': 'test/process/demo.test.ts',
  'src/ceph/rados-pool.ts': 'test/cluster/ceph-objects.test.ts',
  'src/cli/runs/demo.ts': 'test/process/demo.test.ts',
  'src/config/disk-diff.ts': 'test/unit/config/diff.test.ts',
  'src/config/references.ts': 'test/unit/config/parse.test.ts',
  'src/config/schema.ts': 'test/unit/config/parse.test.ts',
  'src/host/kernel.ts': 'test/unit/host/net-socket.test.ts',
  'src/iscsi/iscsi-server.ts': 'test/unit/iscsi/changed-access.test.ts',
  'src/iscsi/limits.ts': 'test/unit/iscsi/deep-windows.test.ts',
  'src/iscsi/login-phase.ts': 'test/unit/iscsi/connection.test.ts',
  'src/membership/membership.ts': 'test/contract/membership.ts',
  'src/records/local/member-folder.ts': 'test/unit/records/local/local-records.test.ts',
  'src/records/local/open-local-records.ts': 'test/unit/records/local/local-records.test.ts',
  'src/records/local/store-thread.ts': 'test/fault/records-crash.test.ts',
  'src/scsi/standard/mode.ts': 'test/unit/scsi/pages/mode-pages.test.ts',
  'src/scsi/standard/sbc.ts': 'test/unit/scsi/reference.test.ts',
  'src/scsi/standard/spc.ts': 'test/unit/scsi/reference.test.ts',
  'src/volume/local/local-volume.ts': 'test/contract/volume.test.ts',
  'src/volume/local/write-batch.ts': 'test/unit/volume/local/write-thread.test.ts',
  'src/volume/rbd/client-instance.ts': 'test/unit/volume/rbd/instance-pool.test.ts',
  'src/volume/rbd/open-image.ts': 'test/cluster/volume-rbd-image.test.ts',
  'src/volume/rbd/rbd-volume-store.ts': 'test/cluster/volume-rbd.test.ts',
  'src/volume/volume.ts': 'test/contract/volume.ts',
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
  if (elsewhere !== undefined) return isThere(elsewhere) ? [] : [`there is no ${elsewhere}`];
  return lines < LONG_FILE_LINES ? [] : [`${lines} lines and no ${ownTestOf(source)}`];
}
