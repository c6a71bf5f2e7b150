// An image that a process of its own has open as a gateway has, which a test stops and lets go on.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tied } from './tied.ts';
import { HANG_MS } from './wait-for.ts';

const SCRIPT = fileURLToPath(new URL('./image-process-main.ts', import.meta.url));

export interface ImageRequest {
  readonly serial: number;
  readonly operation: 'read' | 'write' | 'unmap' | 'compareAndWrite';
  readonly offset: number;
  readonly length: number;
  /** What is written, or was in the buffer before a read; a compare is with zeros. */
  readonly byte: number;
}

export class ImageProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (said: string) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #serial = 0;

  private constructor(conf: string, image: string) {
    this.#child = spawn(...tied(process.execPath, [SCRIPT, conf, image]), {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      if (line === 'ready') this.#ready.resolve();
      const [, serial, said] = /^(\d+) (.*)$/.exec(line) ?? [];
      this.#waiting.get(Number(serial))?.(said ?? '');
      this.#waiting.delete(Number(serial));
    });
    this.#child.once('close', () => this.#ready.reject(new Error(`${image} was not opened`)));
  }

  /** Resolves when the image is open. */
  static async open(conf: string, image: string): Promise<ImageProcess> {
    const opened = new ImageProcess(conf, image);
    await opened.#ready.promise;
    return opened;
  }

  /** Resolves with the status; a read's with the first byte behind it. */
  ask(operation: ImageRequest['operation'], offset: number, length: number, byte = 0) {
    const serial = ++this.#serial;
    const request: ImageRequest = { serial, operation, offset, length, byte };
    const said = new Promise<string>((resolve) => this.#waiting.set(serial, resolve));
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return said;
  }

  /** Stops the process and waits until the kernel shows it stopped. */
  async stop(): Promise<void> {
    this.#child.kill('SIGSTOP');
    for (;;) {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1');
      if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return;
      await delay(1);
    }
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Closes the image and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGCONT');
    this.#child.stdin!.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), HANG_MS);
    await closed;
    clearTimeout(late);
  }
}
