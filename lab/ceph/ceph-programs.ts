import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../src/base/failure.ts';
import { SETPRIV } from '../../src/host/tied-command.ts';

/** Programs that a throwaway cluster runs, and the Debian packages that contain them. */
const PACKAGES = {
  monmaptool: 'ceph-base',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  'ceph-mgr': 'ceph-mgr',
  rados: 'ceph-common',
  rbd: 'ceph-common',
} as const;

export type CephProgram = keyof typeof PACKAGES;

/** The path of each program. */
export type CephPrograms = ReadonlyMap<CephProgram, string>;

/** The folders of Debian; the PATH of a user may lack some of them. */
const FOLDERS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/**
 * Finds the programs of a cluster. Throws `cephPackagesMissing`, in one line that names the
 * packages of Debian to install.
 */
export function findCephPrograms(
  withManager: boolean,
  folders: readonly string[] = FOLDERS,
): CephPrograms {
  const names = Object.keys(PACKAGES) as CephProgram[];
  const wanted = names.filter((name) => name !== 'ceph-mgr' || withManager);
  const found = new Map<CephProgram, string>();
  const packages = new Set<string>();
  for (const name of wanted) {
    const path = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (path === undefined) packages.add(PACKAGES[name]);
    else found.set(name, path);
  }
  if (!isExecutable(SETPRIV)) packages.add('util-linux');
  if (packages.size === 0) return found;
  const list = [...packages].join(' ');
  throw new Failure(
    'cephPackagesMissing',
    `a throwaway Ceph needs programs that are not installed: apt-get install ${list}`,
    { packages: [...packages] },
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
