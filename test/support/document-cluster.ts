// Starts gateways of a given document on one store of its own, for tests that change the document
// under them; leaves nothing behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Address } from '../initiator/host.ts';
import { freePorts } from './demo.ts';
import { type Finished, run } from './run.ts';
import { tied } from './tied.ts';
import { HANG_MS } from './wait-for.ts';

const program =
  process.env['ALLPATH_PROGRAM'] ?? fileURLToPath(new URL('../../bin/allpath', import.meta.url));
/** Of what a gateway says on standard error, so many characters are kept. */
const errorsMax = 100_000;

/** Where a store is kept, and how programs get there. */
export interface Place {
  readonly folder: string;
  within(file: string, args: readonly string[]): readonly [string, string[]];
}

function commandIn(place: Place | undefined, words: readonly string[]) {
  return place?.within(program, words) ?? ([program, [...words]] as const);
}

/** One gateway process. */
export class GatewayProcess {
  readonly child: ChildProcess;
  errors = '';
  readonly #ended: Promise<unknown>;

  constructor(store: string, name: string, place?: Place) {
    const words = ['gateway', '--name', name, '--store', store, '--json'];
    this.child = spawn(...tied(...commandIn(place, words)), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.child, 'close');
    this.child.stderr?.on('data', (chunk) => {
      if (this.errors.length < errorsMax) this.errors += String(chunk);
    });
  }

  async ready(): Promise<void> {
    const lines = createInterface(this.child.stdout!);
    const ended = this.#ended.then(() => Promise.reject(new Error(this.errors)));
    await Promise.race([once(lines, 'line'), ended]);
    ended.catch(() => {});
  }

  /** Resolves with the exit code; null when it had to be killed. */
  async ended(): Promise<number | null> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), HANG_MS);
    await this.#ended;
    clearTimeout(late);
    return this.child.exitCode;
  }
}

export class DocumentCluster {
  readonly store: string;
  readonly gateways: GatewayProcess[] = [];
  readonly #folder: string;
  readonly #port: number;
  readonly #names: readonly string[];
  readonly #place: Place | undefined;

  private constructor(folder: string, port: number, names: readonly string[], place?: Place) {
    this.#folder = folder;
    this.#place = place;
    this.store = join(place?.folder ?? folder, 'store');
    this.#port = port;
    this.#names = names;
  }

  /** `parts` is the document without its gateways, which this adds: `g0`, `g1` and so on. */
  static async start(count: number, parts: object, place?: Place): Promise<DocumentCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
    const names = Array.from({ length: count }, (_, i) => `g${i}`);
    const cluster = new DocumentCluster(folder, await freePorts(count), names, place);
    try {
      await cluster.mustApply(parts);
      for (const name of names) cluster.gateways.push(cluster.startGateway(name));
      await Promise.all(cluster.gateways.map((gateway) => gateway.ready()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  startGateway(name: string): GatewayProcess {
    return new GatewayProcess(this.store, name, this.#place);
  }

  /** What was applied last. */
  get documentFile(): string {
    return join(this.#folder, 'document.json');
  }

  address(gateway: number): Address {
    return { host: '127.0.0.1', port: this.#port + gateway };
  }

  async apply(parts: object): Promise<Finished> {
    const gateways = this.#names.map((name, i) => ({
      name,
      portals: [{ address: '127.0.0.1', port: this.#port + i }],
    }));
    const file = this.documentFile;
    await writeFile(file, JSON.stringify({ formatVersion: 1, gateways, ...parts }));
    return await this.allpath('apply', file);
  }

  async mustApply(parts: object): Promise<void> {
    const { code, stderr } = await this.apply(parts);
    if (code !== 0) throw new Error(`apply: ${stderr}`);
  }

  /** Runs a command on the store. */
  async allpath(...args: readonly string[]): Promise<Finished> {
    return await run(...commandIn(this.#place, [...args, '--store', this.store, '--json']));
  }

  async stop(): Promise<void> {
    for (const { child } of this.gateways) {
      // A stopped process takes no SIGTERM.
      child.kill('SIGCONT');
      child.kill('SIGTERM');
    }
    await Promise.all(this.gateways.map((gateway) => gateway.ended()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
