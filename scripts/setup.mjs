// Prepares a clone: installs the npm packages if they are missing, incomplete or older than the
// lock file, and checks that they include Node 24. With --test it also installs Debian packages:
// those that follow, or all that any test or benchmark uses. Plain JavaScript, because an older
// Node (18 and up) must be able to run it. It is quick if there is nothing to do.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeMajorMin = 24;
const nodeBinary = join(root, 'node_modules', '.bin', 'node');

/** Debian packages that tests or benchmarks use, each with a file that shows it is installed. */
const testPackages = [
  { name: 'g++', shownBy: ['/usr/bin/g++', '/usr/bin/c++'] },
  { name: 'gcc', shownBy: ['/usr/bin/gcc'] },
  { name: 'git', shownBy: ['/usr/bin/git'] },
  { name: 'tgt', shownBy: ['/usr/sbin/tgtd'] },
  { name: 'libiscsi-bin', shownBy: ['/usr/bin/iscsi-test-cu'] },
  { name: 'qemu-utils', shownBy: ['/usr/bin/qemu-img'] },
  { name: 'qemu-system-x86', shownBy: ['/usr/bin/qemu-system-x86_64'] },
  { name: 'qemu-block-extra', shownBy: libraries('qemu/block-iscsi.so') },
  { name: 'sg3-utils', shownBy: ['/usr/bin/sg_inq'] },
  { name: 'spin', shownBy: ['/usr/bin/spin'] },
  { name: 'e2fsprogs', shownBy: ['/usr/sbin/mke2fs', '/sbin/mke2fs'] },
  { name: 'iproute2', shownBy: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'] },
  { name: 'nftables', shownBy: ['/usr/sbin/nft', '/sbin/nft'] },
  { name: 'cpio', shownBy: ['/usr/bin/cpio', '/bin/cpio'] },
  { name: 'kmod', shownBy: ['/usr/sbin/modprobe', '/sbin/modprobe'] },
  { name: 'xz-utils', shownBy: ['/usr/bin/xz'] },
  { name: 'ceph-mon', shownBy: ['/usr/bin/ceph-mon'] },
  { name: 'ceph-osd', shownBy: ['/usr/bin/ceph-osd'] },
  { name: 'ceph-mgr', shownBy: ['/usr/bin/ceph-mgr'] },
  { name: 'ceph-common', shownBy: ['/usr/bin/rbd'] },
  { name: 'tgt-rbd', shownBy: ['/usr/lib/tgt/backing-store/bs_rbd.so'] },
];

/** Installs "$@"; keeps Debian from starting the daemons in them, unless a policy exists. */
const installScript = String.raw`
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
install() { apt-get install -y -q --no-install-recommends "$@"; }
install "$@" || { apt-get update -q; install "$@"; }
`;

main();

function main() {
  const why = staleness();
  if (why !== undefined) {
    say(`installing the npm packages (${why})`);
    installNpmPackages();
  }
  checkNode();
  const option = process.argv.indexOf('--test');
  if (option > 0) installTestPackages(process.argv.slice(option + 1));
  // It reports by itself what it does and lacks: everything but Ceph works without it.
  spawnSync(process.execPath, [join(root, 'scripts', 'build-native.mjs')], { stdio: 'inherit' });
  fillCompileCache();
}

/** Why node_modules cannot be used as it is; undefined if it can. */
function staleness() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return 'none yet, or an unfinished installation';
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const installed = readJson(installedPath).packages ?? {};
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const there = installed[path];
    if (there === undefined && optional) continue;
    if (there?.version !== version) return `${path} is not the version of the lock file`;
    if (!existsSync(join(root, path, 'package.json'))) return `${path} is missing`;
  }
  return existsSync(nodeBinary) ? undefined : 'no Node binary among them';
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    fail(`cannot read ${path}: ${error.message}`);
  }
}

function installNpmPackages() {
  // The npm that runs this script, if any; --include, because NODE_ENV or a setting of the user
  // could omit the Node binary, which is an optional dependency.
  const npm = process.env.npm_execpath;
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    // The program uses the Node that is installed here, not the one that runs npm.
    '--engine-strict=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: 'inherit',
    // The addon is built last, because the installed packages may include a compiler.
    env: { ...process.env, ALLPATH_NATIVE: 'later' },
  });
  if (error !== undefined) fail(`npm could not be run: ${error.message}`);
  if (status !== 0) fail('npm ci failed; its own message stands above');
}

/** A failed download of an optional package is silent, so the Node binary is tried. */
function checkNode() {
  const packageName = `node-linux-${process.arch}`;
  if (!existsSync(nodeBinary)) {
    fail(
      `the package ${packageName}, which carries Node ${nodeMajorMin}, was not installed: ` +
        'is the npm registry in reach, and is this Linux on x64 or arm64?',
    );
  }
  let version;
  try {
    version = execFileSync(nodeBinary, ['--version'], { encoding: 'utf8' }).trim();
  } catch (error) {
    fail(`${packageName} does not run here: ${error.message}`);
  }
  if (Number.parseInt(version.slice(1), 10) < nodeMajorMin) {
    fail(`node_modules/.bin/node is ${version}, but ${nodeMajorMin} or newer is needed`);
  }
}

/**
 * The folder that bin/allpath uses. The program also runs without it (if others own the folder).
 */
function fillCompileCache() {
  const folder = join(root, 'node_modules', '.cache', 'allpath');
  const filled = join(folder, 'filled');
  const newestSourceMs = Math.max(...['src', 'lab'].map((part) => newestMs(join(root, part))));
  if (existsSync(filled) && statSync(filled).mtimeMs > newestSourceMs) return;
  try {
    // Before it is filled, so that files edited in between are newer.
    mkdirSync(folder, { recursive: true });
    writeFileSync(filled, '');
  } catch {
    return;
  }
  spawnSync(nodeBinary, [join(root, 'scripts', 'compile-cache.ts')], {
    stdio: 'ignore',
    env: { ...process.env, NODE_COMPILE_CACHE: folder },
  });
}

/** When a file in this folder, or below it, was last changed. */
function newestMs(folder) {
  const times = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs;
  });
  return Math.max(0, ...times);
}

function installTestPackages(chosen) {
  const unknown = chosen.filter((name) => !testPackages.some((known) => known.name === name));
  if (unknown.length > 0) fail(`it is not known what shows these packages: ${unknown.join(' ')}`);
  const absent = testPackages.filter(
    ({ name, shownBy }) =>
      (chosen.length === 0 || chosen.includes(name)) && !shownBy.some((path) => existsSync(path)),
  );
  if (absent.length === 0) return;
  const names = absent.map(({ name }) => name);
  if (!existsSync('/usr/bin/apt-get')) {
    fail(`the tests need the programs of these Debian packages: ${names.join(' ')}`);
  }
  const isRoot = process.getuid() === 0;
  if (!isRoot && !existsSync('/usr/bin/sudo')) {
    fail(
      'the tests need Debian packages, and there is neither root nor sudo to install them. ' +
        `As root: apt-get install ${names.join(' ')}`,
    );
  }
  say(`installing the Debian packages that the tests need: ${names.join(' ')}`);
  const command = [...(isRoot ? [] : ['sudo']), 'sh', '-c', installScript, 'setup', ...names];
  const { status } = spawnSync(command[0], command.slice(1), { stdio: 'inherit' });
  if (status !== 0) fail(`could not install: ${names.join(' ')}`);
}

/** Possible paths of a library: the folder of Debian contains the name of the architecture. */
function libraries(name) {
  return readdirSync('/usr/lib')
    .filter((folder) => folder.endsWith('-linux-gnu'))
    .map((folder) => join('/usr/lib', folder, name));
}

function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
