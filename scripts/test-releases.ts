// `npm run test:releases` runs the ring `cluster` with the Ceph of other releases of Debian, each
// in a root folder made by debootstrap and kept for the next run. To be run before a release, as
// root; `npm test` does not run it. `--help` lists the options.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Debian's mirror network; apt in a root uses it, too. */
const MIRROR = 'http://deb.debian.org/debian';
const CACHE = '/var/cache/allpath-releases';
const TREE = process.cwd();

interface Release {
  readonly name: string;
  /** The suite of Debian, and the script of debootstrap that can make it. */
  readonly suite: string;
  readonly script: string;
}

const releases: readonly Release[] = [
  { name: 'debian13', suite: 'trixie', script: 'sid' },
  { name: 'testing', suite: 'testing', script: 'sid' },
];

const help = `usage: npm run test:releases -- [options] [test files]

Runs the ring \`cluster\` (or the test files that are named) with the Ceph of Debian's releases.

  --only NAME     one of: ${releases.map(({ name }) => name).join(', ')}
  --cache DIR     where the roots are kept (${CACHE})
  --fresh         makes the roots from nothing
  --help

Needs root, debootstrap, the mirror of Debian, and some 2 GB a root.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
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
  if (wanted.length === 0) return complain(`--only ${values.only}: no such release\n${help}`);
  if (process.getuid?.() !== 0) return complain('a root of Debian can be made by root alone');
  if (!existsSync('/usr/sbin/debootstrap')) return complain('apt-get install debootstrap');
  const lines: string[] = [];
  let failed = 0;
  for (const release of wanted) {
    const root = prepare(release);
    const version = say(inRoot(root, 'ceph-osd --version')).split(' ')[2] ?? 'unknown';
    console.log(`\n=== ${release.name}: Ceph ${version}`);
    const log = join(values.cache, `${release.name}.log`);
    const code = await runTests(root, log);
    if (code !== 0) failed += 1;
    lines.push(
      `${release.name.padEnd(10)} Ceph ${version}  ${code === 0 ? 'pass' : 'FAIL'}  ${log}`,
    );
  }
  console.log(`\n${lines.join('\n')}`);
  return failed === 0 ? 0 : 1;
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
  // Installs what is absent, and starts nothing.
  say(inRoot(root, 'node scripts/setup.mjs --test'));
  return root;
}

/** A command inside the root, with this tree mounted where it lies here. */
function inRoot(root: string, command: string): readonly string[] {
  const script = `set -e
mount --make-rprivate /
mount --bind "$root" "$root"
mkdir -p "$root$tree"
mount --bind "$tree" "$root$tree"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
for folder in tmp run; do mount -t tmpfs tmpfs "$root/$folder"; done
mkdir -p "$root/run/netns"
exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 CI="$CI" \\
  PATH="$tree/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \\
  sh -c "cd '$tree' && $command"`;
  const environment = [`root=${root}`, `tree=${TREE}`, `CI=${process.env['CI'] ?? ''}`];
  return ['env', ...environment, `command=${command}`, 'unshare', '--mount', 'sh', '-c', script];
}

async function runTests(root: string, log: string): Promise<number> {
  const files = positionals.length > 0 ? positionals.join(' ') : undefined;
  const command = files === undefined ? 'node scripts/test.ts cluster' : `node --test ${files}`;
  const output = openSync(log, 'w');
  const [file = '', ...args] = inRoot(root, command);
  const child = spawn(file, args, { stdio: ['ignore', output, output] });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.once('SIGINT', forward).once('SIGTERM', forward);
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

/** Runs a command to its end and gives back what it printed; ends this program if it fails. */
function say([file = '', ...args]: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const { status, stdout } = spawnSync(file, args, { stdio: [...stdio], encoding: 'utf8' });
  if (status === 0) return stdout;
  console.error(stdout);
  process.exit(complain(`${file} failed`));
}

function complain(text: string): number {
  console.error(text);
  return 1;
}
