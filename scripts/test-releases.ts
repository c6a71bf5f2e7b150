// `npm run test:releases` runs the ring `cluster` with the Ceph of other releases of Debian, each
// in a root folder made by debootstrap and kept for the next run. Run it before a release, as
// root; `npm test` does not run it. `--help` lists the options.

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Debian's mirror network, which apt in a root also uses. */
const MIRROR = 'http://deb.debian.org/debian';
const CACHE = '/var/cache/allpath-releases';
const TREE = process.cwd();

interface Release {
  readonly name: string;
  /** The suite of Debian, and the script of debootstrap that makes it. */
  readonly suite: string;
  readonly script: string;
}

const releases: readonly Release[] = [
  { name: 'debian13', suite: 'trixie', script: 'sid' },
  { name: 'testing', suite: 'testing', script: 'sid' },
];

/** The programs of a cluster; with `--clients host`, only these come from the root. */
const DAEMON_PROGRAMS = ['ceph-mon', 'ceph-osd', 'ceph-mgr', 'monmaptool'];
/**
 * Monitors of Ceph 19.2.6, 20.2.4 and later refuse the keys that older clients have, unless the
 * administrator allows them.
 */
const OLDER_KEYS = ['--auth-allowed-ciphers aes,aes256k', '--auth-preferred-cipher aes'];

/** Shell: in its own mount namespace, with which all its mounts end. */
const MOUNT_ROOT = `set -e
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"`;

const help = `usage: npm run test:releases -- [options] [test files]

Runs the ring \`cluster\` (or the test files that are named) with the Ceph of Debian's releases.

  --only NAME     one of: ${releases.map(({ name }) => name).join(', ')}
  --clients WHICH own: all runs in the root of the release (the default)
                  host: its daemons run in the root, and gateways, librbd, and tools outside
  --cache DIR     where the roots are kept (${CACHE})
  --fresh         makes the roots from nothing
  --help

Needs root, debootstrap, the mirror of Debian, and some 2 GB a root.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    clients: { type: 'string', default: 'own' },
    cache: { type: 'string', default: CACHE },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
process.exit(await main());

async function main(): Promise<number> {
  if (values.help) {
    console.log(help);
    return 0;
  }
  const wanted = releases.filter(({ name }) => values.only === undefined || name === values.only);
  if (wanted.length === 0) return fail(`--only ${values.only}: no such release\n${help}`);
  if (!['own', 'host'].includes(values.clients)) {
    return fail(`--clients ${values.clients}: own or host\n${help}`);
  }
  if (process.getuid?.() !== 0) return fail('only root can make a root folder of Debian');
  if (!existsSync('/usr/sbin/debootstrap')) return fail('apt-get install debootstrap');
  const lines: string[] = [];
  let failed = 0;
  for (const release of wanted) {
    const root = prepare(release);
    const clients = values.clients === 'host' ? versionOf(['rbd', '--version']) : 'of its own';
    const what = `Ceph ${versionOf(inRoot(root, 'ceph-osd --version'))}, clients ${clients}`;
    console.log(`\n=== ${release.name}: ${what}`);
    const log = join(values.cache, `${release.name}-${values.clients}.log`);
    const code = await runTests(root, log);
    if (code !== 0) failed += 1;
    lines.push(`${release.name.padEnd(10)} ${what}  ${code === 0 ? 'pass' : 'FAIL'}  ${log}`);
  }
  console.log(`\n${lines.join('\n')}`);
  return failed === 0 ? 0 : 1;
}

function versionOf(command: readonly string[]): string {
  return say(command).split(' ')[2] ?? 'unknown';
}

/** The root folder of a release, with all packages that the tests need. */
function prepare({ name, suite, script }: Release): string {
  const root = join(values.cache, name);
  const complete = join(root, '.complete');
  if (values.fresh) rmSync(root, { recursive: true, force: true });
  if (!existsSync(complete)) {
    console.log(`${name}: making its root in ${root}`);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    const scriptFile = `/usr/share/debootstrap/scripts/${script}`;
    say(['debootstrap', '--variant=minbase', suite, root, MIRROR, scriptFile]);
    writeFileSync(complete, '');
  }
  // Completes an interrupted installation, and installs absent packages. Starts no daemon.
  say(inRoot(root, 'env DEBIAN_FRONTEND=noninteractive dpkg --configure -a'));
  say(inRoot(root, 'node scripts/setup.mjs --test'));
  return root;
}

/** A command inside the root, with this tree mounted at its own path. */
function inRoot(root: string, command: string): readonly string[] {
  const script = `${MOUNT_ROOT}
for folder in tmp run; do mount -t tmpfs tmpfs "$root/$folder"; done
mkdir -p "$root/run/netns" "$root$tree"
mount --bind "$tree" "$root$tree"
exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 CI="$CI" \\
  PATH="$tree/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \\
  sh -c "cd '$tree' && exec $command"`;
  return inMountNamespace(script, { root, command });
}

/** A command on this machine, with the daemons of a cluster from the root. */
function withDaemonsOf(root: string, command: string): readonly string[] {
  const programs = makeDaemonPrograms(root);
  const script = `${MOUNT_ROOT}
mount --bind /tmp "$root/tmp"
for program in ${DAEMON_PROGRAMS.join(' ')}; do
  mount --bind "$programs/$program" "/usr/bin/$program"
done
cd "$tree"
exec $command`;
  return inMountNamespace(script, { root, programs, command });
}

function inMountNamespace(
  script: string,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const all = { tree: TREE, CI: process.env['CI'] ?? '', ...variables };
  const environment = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  return ['env', ...environment, 'unshare', '--mount', 'sh', '-c', script];
}

/** A folder of programs, each of which runs the one of the same name in the root. */
function makeDaemonPrograms(root: string): string {
  const folder = `${root}-programs`;
  mkdirSync(folder, { recursive: true });
  const usage = say(inRoot(root, 'monmaptool --help'));
  for (const program of DAEMON_PROGRAMS) {
    const isMonmap = program === 'monmaptool' && usage.includes('--auth-allowed-ciphers');
    const more = isMonmap ? ` ${OLDER_KEYS.join(' ')}` : '';
    const file = join(folder, program);
    writeFileSync(file, `#!/bin/sh\nexec chroot '${root}' /usr/bin/${program} "$@"${more}\n`);
    chmodSync(file, 0o755);
  }
  return folder;
}

async function runTests(root: string, log: string): Promise<number> {
  const files = positionals.length > 0 ? positionals.join(' ') : undefined;
  const command = files === undefined ? 'node scripts/test.ts cluster' : `node --test ${files}`;
  const output = openSync(log, 'w');
  const place = values.clients === 'host' ? withDaemonsOf : inRoot;
  const [file = '', ...args] = place(root, command);
  const child = spawn(file, args, { stdio: ['ignore', output, output] });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.once('SIGINT', forward).once('SIGTERM', forward);
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

/** Runs a command to its end, and returns its output; ends this program if it fails. */
function say([file = '', ...args]: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const { status, stdout } = spawnSync(file, args, { stdio: [...stdio], encoding: 'utf8' });
  if (status === 0) return stdout;
  console.error(stdout);
  process.exit(fail(`${file} failed`));
}

function fail(text: string): number {
  console.error(text);
  return 1;
}
