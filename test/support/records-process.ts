// Members of a store in processes of their own, for tests that stop and kill them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tied } from './tied.ts';

const SCRIPT = fileURLToPath(new URL('./records-process-main.ts', import.meta.url));

/** A child process that runs one of the parts of `records-process-main.ts`. */
export class RecordsProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly #lines: string[] = [];
  readonly #reader: Interface;
  #wake: (() => void) | undefined;
  /** The process has ended, and its last line was read. */
  #isClosed = false;

  /** `place` is the local store's folder, or what else `script` takes. */
  constructor(part: string, place: string, name: string, argument = '', script = SCRIPT) {
    const args = [script, part, place, name, argument];
    this.child = spawn(...tied(process.execPath, args), {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.pid = this.child.pid!;
    this.#reader = createInterface({ input: this.child.stdout! });
    this.#reader.on('line', (line) => {
      this.#lines.push(line);
      this.#wake?.();
    });
    // Not the end of its output: that can come before the process is known to have ended.
    this.child.once('close', () => {
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  /** All that the child said so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first line from `from` on that begins with `start`; rejects if the child ends before. */
  async line(start: string, from = 0): Promise<string> {
    for (;;) {
      const found = this.#lines.slice(from).find((line) => line.startsWith(start));
      if (found !== undefined) return found;
      if (this.#isClosed) throw new Error(`the child ended without saying ${start}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Stops the process and waits until the kernel shows it stopped. */
  async stop(): Promise<void> {
    this.child.kill('SIGSTOP');
    for (;;) {
      const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
      if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return;
      await delay(1);
    }
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Kills the process unless it has ended, and waits for its end and its last words. */
  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'close');
      this.child.kill('SIGKILL');
      await exited;
    }
  }
}
