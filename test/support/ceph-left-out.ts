// Whether the tests that need Ceph are left out: by name, never because Ceph is missing.

/** `skip` leaves out the rings that need Ceph; nothing else does. */
export const CEPH_VARIABLE = 'ALLPATH_TEST_CEPH';

/** Whether whoever runs the tests asked for those with Ceph to be left out. */
export function isCephLeftOut(environment: NodeJS.ProcessEnv = process.env): boolean {
  const value = environment[CEPH_VARIABLE];
  if (value === undefined || value === '') return false;
  if (value === 'skip') return true;
  throw new Error(`${CEPH_VARIABLE} is "${value}": "skip" leaves Ceph out, and nothing else does`);
}
