// A small file system of a test's own, which it can fill: a tmpfs in a mount namespace that goes
// away with the process that holds it, whatever becomes of the test. Needs no root.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Finished, mustRun, run } from './run.ts';
import { tied } from './tied.ts';

export interface SmallFileSystemOptions {
  readonly sizeMib: number;
  readonly inodes?: number;
}

export class SmallFileSystem {
  /** Where it is mounted: as the programs see it that run within. */
  readonly folder: string;
  readonly #holder: ChildProcess;

  private constructor(folder: string, holder: ChildProcess) {
    this.folder = folder;
    this.#holder = holder;
  }

  static async create({ sizeMib, inodes }: SmallFileSystemOptions): Promise<SmallFileSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'allpath-small-'));
    const options = `size=${sizeMib}M${inodes === undefined ? '' : `,nr_inodes=${inodes}`}`;
    const script = `mount -t tmpfs -o ${options} tmpfs '${folder}' && echo ready && exec sleep inf`;
    const user = isRoot() ? [] : ['--user', '--map-root-user'];
    const words = [...user, '--mount', '--propagation', 'private', 'sh', '-c', script];
    const holder = spawn(...tied('unshare', words), { stdio: ['ignore', 'pipe', 'inherit'] });
    const fileSystem = new SmallFileSystem(folder, holder);
    const lines = createInterface(holder.stdout!);
    const isReady = await Promise.race([
      once(lines, 'line').then(() => true),
      once(holder, 'close').then(() => false),
    ]);
    if (isReady) return fileSystem;
    await fileSystem.dispose();
    throw new Error('a small file system cannot be mounted');
  }

  /** What to hand to `spawn` to have a program run within; its process id is that of the child. */
  within(file: string, args: readonly string[]): readonly [string, string[]] {
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    return ['nsenter', ['--target', String(this.#holder.pid), ...user, '--mount', file, ...args]];
  }

  /** Runs a line of shell in its folder. */
  async shell(line: string): Promise<string> {
    return await mustRun(...this.within('sh', ['-c', `cd '${this.folder}' && ${line}`]));
  }

  /** Leaves not a byte, and says how many there were. */
  async fill(name: string): Promise<void> {
    const fill = `dd if=/dev/zero of='${name}' bs=4k; dd if=/dev/zero bs=1 >> '${name}'`;
    const line = `cd '${this.folder}' && ${fill}`;
    const { stderr }: Finished = await run(...this.within('sh', ['-c', line]));
    if (!stderr.includes('No space left')) throw new Error(`${name} does not fill: ${stderr}`);
  }

  async dispose(): Promise<void> {
    const ended = this.#holder.exitCode === null ? once(this.#holder, 'close') : undefined;
    this.#holder.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
