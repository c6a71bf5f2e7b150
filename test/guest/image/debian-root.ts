// Makes a root folder of Debian packages, and a kernel beside it, without root's rights: packages
// are unpacked and never configured, so nothing of them runs on this machine.

import {
  copyFileSync,
  globSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../../support/run.ts';
import { leftOut, modules, packages, packagesAlone, SUITE } from './contents.ts';

const MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** A slow mirror, and a busy machine: only a hang takes longer. */
const DOWNLOAD_LIMIT_MS = 30 * 60_000;
const UNPACK_LIMIT_MS = 10 * 60_000;
/** Folders that Debian has below /usr alone, with links to them. */
const mergedFolders = ['bin', 'lib', 'lib64', 'sbin'];

/** Downloads the packages into `folder`, and unpacks them to `folder`/root. */
export async function makeDebianRoot(folder: string): Promise<string> {
  const archives = await download(folder);
  const root = join(folder, 'root');
  for (const name of mergedFolders) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  for (const archive of archives) await unpack(archive, root);
  configure(root);
  await keepModules(root, modules);
  return root;
}

/** What Debian's own configuration of the packages would do, as far as the guest needs it. */
function configure(root: string): void {
  symlinkSync('mawk', join(root, 'usr/bin/awk'));
  for (const name of ['passwd', 'group']) {
    const from = join(root, 'usr/share/base-passwd', `${name}.master`);
    copyFileSync(from, join(root, 'etc', name));
  }
}

/** What apt does here depends on nothing that this machine has installed. */
async function download(folder: string): Promise<readonly string[]> {
  const apt = join(folder, 'apt');
  const archives = join(apt, 'archives');
  mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  mkdirSync(join(archives, 'partial'), { recursive: true });
  writeFileSync(join(apt, 'status'), '');
  const source = `deb [signed-by=${KEYRING}] ${MIRROR} ${SUITE} main\n`;
  writeFileSync(join(apt, 'sources.list'), source);
  const options = [
    `Dir::Etc::sourcelist=${join(apt, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State=${apt}`,
    `Dir::State::status=${join(apt, 'status')}`,
    `Dir::Cache=${apt}`,
    `Dir::Log=${apt}`,
    'APT::Install-Recommends=false',
    'APT::Architecture=amd64',
    // Root may give the downloads to another user, who then cannot enter this folder.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ].flatMap((option) => ['-o', option]);
  // `download` writes into the working folder.
  const aptGet = (...words: readonly string[]) =>
    mustRun(
      'env',
      ['-C', archives, 'apt-get', '-q', '-y', ...options, ...words],
      DOWNLOAD_LIMIT_MS,
    );
  await aptGet('update');
  await aptGet('install', '--download-only', ...packages);
  await aptGet('download', ...packagesAlone);
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(archives, name));
}

async function unpack(archive: string, root: string): Promise<void> {
  const script = 'dpkg-deb --fsys-tarfile "$0" | tar -x --no-same-owner "$@"';
  const parts = leftOut.map((path) => `--exclude=${path}`);
  const words = ['-c', script, archive, '--keep-directory-symlink', '-C', root, ...parts];
  await mustRun('bash', ['-o', 'pipefail', ...words], UNPACK_LIMIT_MS);
}

/** Deletes all kernel modules but these and those that they need. */
async function keepModules(root: string, names: readonly string[]): Promise<void> {
  const [version = ''] = readdirSync(join(root, 'lib/modules'));
  await mustRun('depmod', ['-b', root, version]);
  const options = ['-d', root, '-S', version, '--show-depends'];
  const needed = new Set<string>();
  for (const name of names) {
    const shown = await mustRun('modprobe', [...options, name]);
    for (const [, path] of shown.matchAll(/^insmod (\S+)/gm)) needed.add(path!);
  }
  const folder = join(root, 'lib/modules', version);
  for (const path of globSync('**/*.ko*', { cwd: folder }).map((name) => join(folder, name))) {
    if (!needed.has(path)) rmSync(path);
  }
  await mustRun('depmod', ['-b', root, version]);
}
