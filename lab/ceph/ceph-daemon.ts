import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Clock, sleep } from '../../src/base/clock.ts';
import { Failure } from '../../src/base/failure.ts';
import { killProcess } from '../../src/host/process-end.ts';
import {
  ownProcessIdentity,
  type ProcessIdentity,
  processIdentity,
  processState,
} from '../../src/host/process-identity.ts';
import { tiedCommand } from '../../src/host/tied-command.ts';
import { askDaemon, type DaemonCommand } from './admin-socket.ts';
import { cephEnvironment } from './program-run.ts';

/** A daemon that does not end in this time is killed. */
const TERMINATION_LIMIT_MS = 30_000;
/** A signal that stops a process takes effect when its threads have left their system calls. */
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 2;
/** How much of the end of each file of a dead daemon is quoted. */
const TAIL_BYTES = 2_000;

interface CephDaemonOptions {
  /** `mon.a`, `osd.0`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The file for its output; its log goes to the file that ceph.conf names. */
  readonly outputFile: string;
  readonly logFile: string;
  readonly adminSocket: string;
  readonly clock: Clock;
}

/**
 * One daemon of a throwaway cluster: a child of this process, in its own session (so that Ctrl-C in
 * a terminal does not reach it), which the kernel kills when this process ends.
 */
export class CephDaemon {
  readonly name: string;
  readonly #options: CephDaemonOptions;
  #child: ChildProcess | undefined;
  #identity: ProcessIdentity | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: CephDaemonOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Undefined while it does not run. */
  get process(): ProcessIdentity | undefined {
    return this.isRunning ? this.#identity : undefined;
  }

  /** Also true for a stopped one. */
  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when the process that was started last has ended. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  /** Starts the process, without waiting until it serves. Throws if it runs already. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Failure('cephDaemonRunning', `${this.name} runs already`);
    const { program, args, outputFile } = this.#options;
    const output = openSync(outputFile, 'a');
    try {
      const child = spawn(...tiedCommand(program, args), {
        stdio: ['ignore', output, output],
        detached: true,
        // As under a service manager. An OSD of Ceph 18 searches for its classes below this folder.
        cwd: '/',
        env: cephEnvironment(),
      });
      this.#ended = once(child, 'exit').catch(() => {});
      await once(child, 'spawn');
      this.#child = child;
      this.#identity = processIdentity(child.pid!);
    } finally {
      closeSync(output);
    }
  }

  /** Its answer on the admin socket: `config set`, `dump_ops_in_flight`, `perf dump`. */
  async ask(command: DaemonCommand): Promise<unknown> {
    return await askDaemon(this.#options.adminSocket, command);
  }

  /** SIGSTOP; resolves when none of its threads runs. */
  async pause(): Promise<void> {
    const identity = this.#signal('SIGSTOP');
    const here = ownProcessIdentity();
    const { clock } = this.#options;
    const deadline = clock.now() + STOP_LIMIT_MS;
    while (processState(identity, here) === 'running') {
      if (clock.now() > deadline) {
        throw new Failure('cephDaemonNotStopped', `${this.name} does not stop`);
      }
      await sleep(clock, POLL_MS);
    }
  }

  /** SIGCONT. */
  resume(): void {
    this.#signal('SIGCONT');
  }

  /** SIGKILL, also of a stopped one; resolves when it has ended, also if it had ended before. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM, and SIGKILL if that does not help; resolves when it has ended. */
  async terminate(): Promise<void> {
    const child = this.#child;
    child?.kill('SIGCONT');
    child?.kill('SIGTERM');
    const late = this.#options.clock.after(TERMINATION_LIMIT_MS, () => child?.kill('SIGKILL'));
    await this.#ended;
    late.cancel();
  }

  /** The end of its output and of its log. */
  async lastWords(): Promise<string> {
    const { outputFile, logFile } = this.#options;
    const tails = await Promise.all([tailOf(outputFile), tailOf(logFile)]);
    return tails.filter((text) => text !== '').join('\n');
  }

  #signal(signal: NodeJS.Signals): ProcessIdentity {
    const identity = this.process;
    // The handle of the child: its process id cannot be reused before Node has waited for it.
    if (identity === undefined || this.#child?.kill(signal) !== true) {
      throw new Failure('cephDaemonEnded', `${this.name} does not run`);
    }
    return identity;
  }
}

async function tailOf(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString('utf8');
    // Starts at the first whole line.
    return (length < size ? text.slice(text.indexOf('\n') + 1) : text).trim();
  } catch {
    return '';
  }
}

/** Kills a daemon of a dead owner, if it was started with the configuration `conf`. */
export function killLeftDaemon(pid: number, conf: string, commandLine: string): void {
  if (!commandLine.split('\0').includes(conf)) return;
  const identity = processIdentity(pid);
  if (identity !== undefined) killProcess(identity, ownProcessIdentity());
}
