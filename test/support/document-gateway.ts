// Starts one gateway of a given document on a store of its own, and leaves nothing behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Address } from '../initiator/host.ts';
import { freePorts } from './demo.ts';
import { mustRun } from './run.ts';
import { tied } from './tied.ts';
import { HANG_MS } from './wait-for.ts';

const program =
  process.env['ALLPATH_PROGRAM'] ?? fileURLToPath(new URL('../../bin/allpath', import.meta.url));

export class DocumentGateway {
  readonly address: Address;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, address: Address) {
    this.#child = child;
    this.#folder = folder;
    this.address = address;
  }

  /** `parts` is the document without its gateway, which this adds, listening on `host`. */
  static async start(parts: object, host = '127.0.0.1'): Promise<DocumentGateway> {
    const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
    const store = join(folder, 'store');
    const port = await freePorts(1);
    const gateways = [{ name: 'g0', portals: [{ address: host, port }] }];
    const file = join(folder, 'document.json');
    await writeFile(file, JSON.stringify({ formatVersion: 1, gateways, ...parts }));
    await mustRun(program, ['apply', file, '--store', store]);
    const args = ['gateway', '--name', 'g0', '--store', store, '--json'];
    const child = spawn(...tied(program, args), { stdio: ['ignore', 'pipe', 'pipe'] });
    const gateway = new DocumentGateway(child, folder, { host, port });
    try {
      await gateway.#ready();
      return gateway;
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), HANG_MS);
      await ended;
      clearTimeout(late);
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const errors: string[] = [];
      const { stdout, stderr } = this.#child;
      const late = setTimeout(() => reject(new Error('the gateway is not ready')), HANG_MS);
      createInterface(stderr!).on('line', (line) => {
        if (errors.length < 100) errors.push(line);
      });
      createInterface(stdout!).on('line', (line) => {
        if (!line.includes('"ready"')) return;
        clearTimeout(late);
        resolve();
      });
      this.#child.once('exit', (code) => {
        clearTimeout(late);
        reject(new Error(`the gateway ended (${code}):\n${errors.join('\n')}`));
      });
    });
  }
}
