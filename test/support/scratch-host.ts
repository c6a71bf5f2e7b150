// A host of a test's own: namespaces in which programs see folders, processes and addresses that
// nobody else sees. All that runs there ends with it, and it ends with the test's process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NetworkNamespace } from './network-namespace.ts';
import { mustRun } from './run.ts';
import { ScratchShell } from './scratch-shell.ts';
import { tied } from './tied.ts';

export interface ScratchHostOptions {
  /** A network that reaches this machine; only the host's own addresses unless given. */
  readonly network?: NetworkNamespace;
  /** IPv4 addresses that it has besides 127.0.0.1. */
  readonly addresses?: readonly string[];
  /** Folders of this machine that it may change without changing them here. Needs root. */
  readonly changed?: readonly string[];
}

export class ScratchHost {
  /** Where its users' files lie, `home` and `tmp` among them; removed at the end. */
  readonly folder: string;
  readonly #holder: ChildProcess;
  readonly #init: string;
  readonly #shells: ScratchShell[] = [];

  private constructor(folder: string, holder: ChildProcess, init: string) {
    this.folder = folder;
    this.#holder = holder;
    this.#init = init;
  }

  static async create(options: ScratchHostOptions = {}): Promise<ScratchHost> {
    const { network } = options;
    const folder = await mkdtemp(join(tmpdir(), 'allpath-host-'));
    for (const name of ['home', 'tmp', 'changes', 'outputs']) await mkdir(join(folder, name));
    const user = isRoot() ? [] : ['--user', '--map-root-user'];
    const net = network === undefined ? ['--net'] : [];
    const words = [...user, ...net, '--mount', '--propagation', 'private', '--pid', '--fork'];
    words.push('--kill-child=KILL', 'bash', '-c', setUp(folder, options));
    const command = network?.within('unshare', words) ?? (['unshare', words] as const);
    const holder = spawn(...tied(...command), { stdio: ['ignore', 'pipe', 'inherit'] });
    // The process id, as seen from outside, of the first process inside.
    const init = await Promise.race([
      once(createInterface(holder.stdout!), 'line').then(([line]) => String(line)),
      once(holder, 'close').then(() => undefined),
    ]);
    if (init !== undefined) return new ScratchHost(folder, holder, init);
    await rm(folder, { recursive: true, force: true });
    throw new Error('namespaces for a scratch host cannot be made');
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  /** A new terminal. */
  async shell(cwd = this.home, environment: Readonly<Record<string, string>> = {}) {
    const outputs = join(this.folder, 'outputs', String(this.#shells.length));
    await mkdir(outputs);
    const shell = new ScratchShell(this.#within('bash', ['--norc', '--noprofile']), outputs, {
      HOME: this.home,
      TMPDIR: join(this.folder, 'tmp'),
      PATH: systemPath(),
      LANG: 'C.UTF-8',
      ...environment,
    });
    this.#shells.push(shell);
    await shell.mustRun(`cd '${cwd}'`);
    return shell;
  }

  #within(file: string, args: readonly string[]): readonly [string, string[]] {
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    // Its root folder too: entering a mount namespace would leave a changed root.
    const namespaces = [...user, '--mount', '--root', '--pid', '--net'];
    return ['nsenter', ['--target', this.#init, ...namespaces, file, ...args]];
  }

  async dispose(): Promise<void> {
    const ended = this.#holder.exitCode === null ? once(this.#holder, 'close') : undefined;
    this.#holder.kill('SIGKILL');
    await ended;
    await Promise.all(this.#shells.map((shell) => shell.ended));
    // What a user of the host has made need not be removable by its owner's rights alone.
    await mustRun('rm', ['-rf', this.folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

function setUp(folder: string, { network, addresses = [], changed = [] }: ScratchHostOptions) {
  return [
    'set -eu',
    // The old /proc still tells the process id outside.
    'read -r init rest < /proc/self/stat',
    'mount -t proc proc /proc',
    ...(network === undefined ? ['ip link set lo up'] : []),
    ...addresses.map((address) => `ip address add ${address}/32 dev lo`),
    `mount -t tmpfs tmpfs '${folder}/changes'`,
    ...changed.flatMap((path, index) => {
      const [upper, work] = [`${folder}/changes/${index}/upper`, `${folder}/changes/${index}/work`];
      const layers = `lowerdir=${path},upperdir=${upper},workdir=${work}`;
      return [`mkdir -p '${upper}' '${work}'`, `mount -t overlay -o '${layers}' overlay '${path}'`];
    }),
    'echo "$init"',
    'exec sleep infinity',
  ].join('\n');
}

/** PATH as a user has it: without what was put in front of it for the tests. */
function systemPath(): string {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.filter((each) => !each.includes('node_modules')).join(':');
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
