import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownProcessIdentity, type ProcessIdentity, processState } from './process-identity.ts';

/** Says which process the folder belongs to. */
const OWNER_FILE = 'owner.json';
/** Leftovers that one start looks at. */
const LEFTOVERS_MAX = 100;

interface OwnedFolderOptions {
  /** The names of such folders begin with this. */
  readonly prefix: string;
  /** The folder to make it in; the system's temporary one unless given. */
  readonly parent?: string;
  /** Called before a leftover is removed. */
  readonly onLeftover?: (folder: string) => Promise<void>;
}

/** A new folder of this process; removes those of processes that ended without removing theirs. */
export async function makeOwnedFolder(options: OwnedFolderOptions): Promise<string> {
  const { prefix, parent = tmpdir() } = options;
  const own = ownProcessIdentity();
  await removeLeftovers({ ...options, parent }, own);
  const folder = await mkdtemp(join(parent, prefix));
  await writeFile(join(folder, OWNER_FILE), JSON.stringify(own), { mode: 0o600 });
  return folder;
}

export async function removeOwnedFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function removeLeftovers(
  { prefix, parent, onLeftover }: OwnedFolderOptions & { readonly parent: string },
  own: ProcessIdentity,
): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const name of names.slice(0, LEFTOVERS_MAX)) {
    const folder = join(parent, name);
    // One that cannot be checked or removed is somebody else's business.
    if (!(await isLeftover(folder, own).catch(() => false))) continue;
    await onLeftover?.(folder).catch(() => {});
    await removeOwnedFolder(folder).catch(() => {});
  }
}

async function isLeftover(folder: string, own: ProcessIdentity): Promise<boolean> {
  const stat = await lstat(folder);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
  const owner = JSON.parse(await readFile(join(folder, OWNER_FILE), 'utf8')) as ProcessIdentity;
  const isCheckable = owner.bootId !== own.bootId || owner.pidNamespace === own.pidNamespace;
  return isCheckable && processState(owner, own) === 'ended';
}
