import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ownProcessIdentity,
  type ProcessIdentity,
  processState,
} from '../../host/process-identity.ts';

const PREFIX = 'allpath-demo-';
/** Says which process the folder belongs to. */
const OWNER_FILE = 'demo.json';
/** Leftovers that one start looks at. */
const LEFTOVERS_MAX = 100;

/** A store for one demo; removes those of demos that were killed. */
export async function makeTemporaryStore(parent = tmpdir()): Promise<string> {
  const own = ownProcessIdentity();
  await removeLeftovers(parent, own);
  const folder = await mkdtemp(join(parent, PREFIX));
  await writeFile(join(folder, OWNER_FILE), JSON.stringify(own), { mode: 0o600 });
  return folder;
}

export async function removeTemporaryStore(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function removeLeftovers(parent: string, own: ProcessIdentity): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  for (const name of names.slice(0, LEFTOVERS_MAX)) {
    const folder = join(parent, name);
    // One that cannot be judged or removed is somebody else's business.
    if (await isLeftover(folder, own).catch(() => false)) {
      await removeTemporaryStore(folder).catch(() => {});
    }
  }
}

async function isLeftover(folder: string, own: ProcessIdentity): Promise<boolean> {
  const stat = await lstat(folder);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
  const owner = JSON.parse(await readFile(join(folder, OWNER_FILE), 'utf8')) as ProcessIdentity;
  const isJudgeable = owner.bootId !== own.bootId || owner.pidNamespace === own.pidNamespace;
  return isJudgeable && processState(owner, own) === 'ended';
}
