// Builds the addon for Ceph, native/build/ceph.node, unless it exists for exactly these sources,
// here or in the package. Without a C++ compiler it says so in one line and succeeds: everything
// but Ceph works without the addon. `--prebuilt` also puts it where a published package has it.
// Plain JavaScript, because any Node from 18 on may run it, also when a package is installed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'native', 'src');
const built = join(root, 'native', 'build');
const addon = join(built, 'ceph.node');
const prebuilt = join(root, 'prebuilt', `${process.platform}-${process.arch}`);
const flags = [
  '-std=c++17',
  '-O2',
  '-fPIC',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-DNAPI_VERSION=8',
];

main();

function main() {
  if (!existsSync(sources)) return;
  // scripts/setup.mjs sets this only for npm, and runs this script itself afterwards.
  if (process.env.ALLPATH_NATIVE === 'later') return;
  const files = readdirSync(sources).sort();
  const hash = hashOf(files);
  if (isCurrent(prebuilt, hash)) {
    // An addon that was built here would take precedence, and this one is newer.
    rmSync(built, { recursive: true, force: true });
    return;
  }
  if (!isCurrent(built, hash) && !buildHere(files, hash)) return;
  if (!process.argv.includes('--prebuilt')) return;
  mkdirSync(prebuilt, { recursive: true });
  for (const file of ['ceph.node', 'ceph.sha256']) {
    copyFileSync(join(built, file), join(prebuilt, file));
  }
}

function buildHere(files, hash) {
  const include = headers();
  if (include === undefined) return skip('the npm package node-api-headers is not installed');
  const compiler = ['g++', 'c++', 'clang++'].find(isThere);
  if (compiler === undefined) return skip('there is no C++ compiler (Debian package g++)');
  say(`building the addon for Ceph with ${compiler}`);
  if (!build(compiler, include, files)) return false;
  writeFileSync(join(built, 'ceph.sha256'), hash);
  return true;
}

/** Whether that folder has the addon of exactly these sources. */
function isCurrent(folder, hash) {
  const stamp = join(folder, 'ceph.sha256');
  return (
    existsSync(join(folder, 'ceph.node')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === hash
  );
}

/** Replaces the addon atomically, also if two builds run at once. */
function build(compiler, include, files) {
  mkdirSync(built, { recursive: true });
  const made = join(built, `ceph.${process.pid}.node`);
  // A single compilation unit, because most of the work for each file is in the headers.
  const unit = join(built, `ceph.${process.pid}.cc`);
  const units = files.filter((file) => file.endsWith('.cc'));
  writeFileSync(unit, units.map((file) => `#include "${join(sources, file)}"\n`).join(''));
  const args = [...flags, `-isystem${include}`, '-shared', unit, '-o', made, '-ldl', '-lpthread'];
  const { status } = spawnSync(compiler, args, { stdio: 'inherit' });
  rmSync(unit, { force: true });
  if (status !== 0) {
    rmSync(made, { force: true });
    say('the addon for Ceph could not be built; the messages of the compiler stand above');
    return false;
  }
  renameSync(made, addon);
  return true;
}

function headers() {
  try {
    return createRequire(join(root, 'package.json'))('node-api-headers').include_dir;
  } catch {
    return undefined;
  }
}

function hashOf(files) {
  const hash = createHash('sha256');
  hash.update(`${flags.join(' ')} ${process.arch}`);
  for (const file of files) hash.update(file).update(readFileSync(join(sources, file)));
  return hash.digest('hex');
}

function isThere(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function skip(why) {
  say(`the addon for Ceph is not built: ${why}`);
  return false;
}

function say(message) {
  process.stderr.write(`native: ${message}\n`);
}
