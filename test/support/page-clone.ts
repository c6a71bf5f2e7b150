// The tree under test as a repository that a reader can clone, and what an installation of its
// packages would put into the clone: a scratch host reaches no registry.

import { globSync, readFileSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from './run.ts';

export const tree = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Every page of the tree but what comes with packages, by its path in the tree. */
export function readPages(): ReadonlyMap<string, string> {
  const names = globSync('**/*.md', { cwd: tree, exclude: ['**/node_modules'] });
  return new Map(names.sort().map((name) => [name, readFileSync(join(tree, name), 'utf8')]));
}

/** A repository of the files as they are now, in `folder/repository`; returns its path. */
export async function makeRepository(folder: string): Promise<string> {
  const repository = join(folder, 'repository');
  const ignored = new Set([
    '.git',
    ...(await readFile(join(tree, '.gitignore'), 'utf8')).split('\n').map((line) => basename(line)),
  ]);
  await cp(tree, repository, {
    recursive: true,
    filter: (path) => path === tree || !ignored.has(basename(path)),
  });
  const git = (...words: readonly string[]) => {
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    return mustRun('git', ['-C', repository, ...author, ...words]);
  };
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=tree');
  return repository;
}

/** Shell text that brings the clone in the working folder what `npm ci` and a build would. */
export const install = [
  'mkdir node_modules',
  `mount --rbind '${tree}/node_modules' node_modules`,
  // Compiled files of the clone are its own.
  'mkdir -p node_modules/.cache',
  'mount -t tmpfs tmpfs node_modules/.cache',
  `if [ -d '${tree}/native/build' ]; then cp -r '${tree}/native/build' native/; fi`,
].join('\n');
