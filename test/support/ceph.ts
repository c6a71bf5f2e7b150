// A real Ceph cluster for a test file: started once, stopped after its last test, and, if the test
// process is killed, ended by the kernel.

import { after } from 'node:test';
import { ThrowawayCeph, type ThrowawayCephOptions } from '../../lab/ceph/throwaway-ceph.ts';
import { CEPH_VARIABLE, isCephLeftOut } from './ceph-left-out.ts';

/** One test file has no more clusters at a time: two cores serve them all. */
const CLUSTERS_PER_FILE_MAX = 4;

let clusters = 0;

/**
 * A cluster that serves the tests of this file. Called at the top of the file; a machine without
 * Ceph fails the file, in words that name the packages.
 */
export async function cephOfFile(options: ThrowawayCephOptions = {}): Promise<ThrowawayCeph> {
  if (isCephLeftOut())
    throw new Error(`this file needs Ceph, which ${CEPH_VARIABLE}=skip leaves out`);
  if (clusters >= CLUSTERS_PER_FILE_MAX) throw new Error('too many clusters in one test file');
  clusters += 1;
  const ceph = await ThrowawayCeph.start(options);
  after(async () => {
    await ceph.stop();
    clusters -= 1;
  });
  return ceph;
}
