// A Linux machine for a test: Debian's kernel and initiators under QEMU, all emulated. It reaches
// what listens on the host's loopback at 10.0.2.2, and ends with the test process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { type Finished, mustRun } from '../support/run.ts';
import { tied } from '../support/tied.ts';
import { GuestAgent } from './guest-agent.ts';
import { pack } from './image/cpio.ts';
import { type GuestImage, guestImage, testFiles } from './image/guest-image.ts';

/** The host's loopback, as the guest sees it. */
export const HOST_ADDRESS = '10.0.2.2';

const MEMORY_MIB = 1024;
/** Boots in 6 to 10 s on a quiet machine; only a hang takes this long. */
const BOOT_LIMIT_MS = 10 * 60_000;
const COMMAND_LIMIT_MS = 5 * 60_000;
/** Lines of the console that are kept for a failure's message. */
const consoleLinesMax = 100;

export class Guest {
  readonly #child: ChildProcess;
  readonly #agent: GuestAgent;
  readonly #ended: Promise<unknown>;
  readonly #console: string[] = [];

  private constructor(image: GuestImage) {
    this.#child = spawn(...tied('qemu-system-x86_64', machine(image)), {
      // The fourth is the agent's.
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#agent = new GuestAgent(this.#child.stdio[3] as Duplex);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface(stream).on('line', (line) => {
        this.#console.push(line);
        if (this.#console.length > consoleLinesMax) this.#console.shift();
      });
    }
    this.#child.once('error', (error) => this.#agent.lose(error));
    this.#ended = once(this.#child, 'close').then(() => this.#lose('the guest ended'));
  }

  /** Resolves when the guest takes commands. */
  static async boot(): Promise<Guest> {
    const image = await guestImage();
    const folder = await mkdtemp(join(tmpdir(), 'allpath-guest-'));
    const files = join(folder, 'files.cpio');
    const root = join(folder, 'root.cpio');
    await pack(testFiles, files);
    // The kernel unpacks archives one after the other.
    await mustRun('sh', ['-c', 'cat "$0" "$1" > "$2"', image.root, files, root]);
    const guest = new Guest({ kernel: image.kernel, root });
    const late = setTimeout(() => guest.#lose('the guest does not boot'), BOOT_LIMIT_MS);
    try {
      await guest.#agent.ready;
      return guest;
    } catch (error) {
      await guest.end();
      throw error;
    } finally {
      clearTimeout(late);
      // It is in the guest's memory by now.
      await rm(folder, { recursive: true });
    }
  }

  /** Runs a command of bash to its end; what it leaves running in the background stays. */
  async run(command: string, limitMs = COMMAND_LIMIT_MS): Promise<Finished> {
    const late = Promise.withResolvers<never>();
    const limit = setTimeout(
      () => late.reject(this.#failure(`the guest is not done with: ${command}`)),
      limitMs,
    );
    try {
      return await Promise.race([this.#agent.run(command), late.promise]);
    } finally {
      clearTimeout(limit);
    }
  }

  /** Like `run`; throws what was said if the command does not end with 0. */
  async mustRun(command: string, limitMs?: number): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, limitMs);
    if (code !== 0) throw this.#failure(`${command}: ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #lose(reason: string): void {
    this.#agent.lose(this.#failure(reason));
  }

  #failure(message: string): Error {
    return new Error(`${message}\nthe guest's console:\n${this.#console.join('\n')}`);
  }
}

function machine({ kernel, root }: GuestImage): string[] {
  const kernelWords = [
    ...['console=ttyS0', 'loglevel=4', 'panic=-1'],
    // What costs time in a guest that is emulated and lives for a minute.
    ...['mitigations=off', 'audit=0', 'apparmor=0', 'nokaslr', 'no_timer_check'],
    'cryptomgr.notests',
  ];
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ...['-machine', 'q35', '-accel', 'tcg', '-cpu', 'qemu64', '-smp', '1', '-m', `${MEMORY_MIB}`],
    ...['-kernel', kernel, '-initrd', root, '-append', kernelWords.join(' ')],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-device', 'virtio-serial', '-chardev', 'socket,id=agent,fd=3'],
    ...['-device', 'virtserialport,chardev=agent,name=agent'],
    ...['-netdev', 'user,id=net', '-device', 'virtio-net,netdev=net,romfile='],
  ];
}
