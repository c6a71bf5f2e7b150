// Builds the addon for Ceph, native/build/ceph.node, unless it is there, here or as the package
// brought it, of these very sources. Without a C++ compiler it says so in one line and ends well:
// all but Ceph works without. `--prebuilt` also puts it where a published package carries it.
// Plain JavaScript, for any Node from 18 on may run it, also when a package is installed.

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
  // scripts/setup.mjs, which sets this for npm alone, runs this script itself afterwards.
  if (process.env.ALLPATH_NATIVE === 'later') return;
  const files = readdirSync(sources).sort();
  const hash = hashOf(files);
  if (isCurrent(prebuilt, hash)) {
    // What was built here comes first when it is there, and this one is newer.
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

/** Whether that folder has the addon of these very sources. */
function isCurrent(folder, hash) {
  const stamp = join(folder, 'ceph.sha256');
  return (
    existsSync(join(folder, 'ceph.node')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === hash
  );
}

/** The addon appears whole or not at all, also when two build it at once. */
function build(compiler, include, files) {
  mkdirSync(built, { recursive: true });
  const made = join(built, `ceph.${process.pid}.node`);
  // One unit of all: the headers of the language are most of the work of each file.
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
