import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Makes a folder in one that is there, for its owner alone. One that exists is taken as it is. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(path))) return;
    throw error;
  }
}

/**
 * Makes a folder, and the ones above it, so that they are there after a loss of power. (The
 * recursive `mkdir` of Node never ends where a file system such as /proc takes no new folders.)
 */
export async function makeFolders(path: string): Promise<void> {
  const absent: string[] = [];
  let at = resolve(path);
  while (!(await isFolder(at)) && at !== dirname(at)) {
    absent.unshift(at);
    at = dirname(at);
  }
  for (const folder of absent) {
    await makeFolder(folder);
    await sync(dirname(folder));
  }
}

/** False if the path does not exist. Rejects if it is a file, or this user may not look at it. */
async function isFolder(path: string): Promise<boolean> {
  try {
    const isFile = !(await stat(path)).isDirectory();
    if (isFile) throw notFolder(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function notFolder(path: string): NodeJS.ErrnoException {
  const code = 'ENOTDIR';
  return Object.assign(new Error(`${path} is not a folder`), { code, syscall: 'mkdir', path });
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
