// Starts `allpath demo` for a test, on free ports, and sees to it that nothing of it is left.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { closed, listening } from '../../lab/ceph/port-claim.ts';
import { storeWords } from '../../src/cli/store-options.ts';
import type { CephLocation } from '../../src/gateway/store-location.ts';
import { tied } from './tied.ts';
import { HANG_MS } from './wait-for.ts';

/** The program under test; a packed build can be put in its place. */
const testedProgram =
  process.env['ALLPATH_PROGRAM'] ?? fileURLToPath(new URL('../../bin/allpath', import.meta.url));
export const demoTargetName = 'iqn.2026-11.io.allpath:demo';
/** How many lines of the demo's error output a failure message quotes. */
const quotedLinesMax = 40;

/** Demos not stopped yet: they end with the test process (a limit of the ring, Ctrl-C). */
const running = new Set<Demo>();
process.on('exit', () => {
  for (const demo of running) demo.kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export interface DemoOptions {
  readonly gateways?: number;
  readonly size?: string;
  readonly blocks?: 512 | 4096;
  readonly store?: string;
  /** A pool of a cluster in place of a store in a folder. */
  readonly ceph?: Pick<CephLocation, 'conf' | 'pool'> & Partial<CephLocation>;
  /** The `bin/allpath` of another tree. */
  readonly program?: string;
}

/** One start of one gateway process. */
export interface GatewayStart {
  readonly name: string;
  readonly pid: number;
  readonly portal: string;
}

export class Demo {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #gateways: number;
  readonly #errors: string[] = [];
  /** Every start seen, in order; processes by pid and start time, because pids are reused. */
  readonly #starts: GatewayStart[] = [];
  readonly #births = new Map<number, string>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  private constructor(child: ChildProcess, port: number, gateways: number) {
    this.#child = child;
    this.#port = port;
    this.#gateways = gateways;
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error('the demo has no output');
    createInterface(stdout).on('line', (line) => this.#read(line));
    createInterface(stderr).on('line', (line) => {
      this.#errors.push(line);
      if (this.#errors.length > quotedLinesMax) this.#errors.shift();
    });
    child.once('error', (error) => {
      this.#ready.reject(error);
      this.#ended.resolve();
    });
    child.once('exit', (code, signal) => {
      this.#ready.reject(new Error(`the demo ended (${code ?? signal}):\n${this.errors()}`));
      this.#ended.resolve();
    });
    // A demo that ends after it was ready is checked by the test that stops it.
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when every portal accepts logins. */
  static async start(options: DemoOptions = {}): Promise<Demo> {
    const gateways = options.gateways ?? 2;
    const port = await freePorts(gateways);
    const args = ['demo', '--json', '--listen', '127.0.0.1', '--port', String(port)];
    args.push('--gateways', String(gateways), '--size', options.size ?? '256M');
    args.push('--blocks', String(options.blocks ?? 512));
    if (options.store !== undefined) args.push('--store', options.store);
    if (options.ceph !== undefined) {
      args.push(...storeWords({ ceph: { user: 'admin', namespace: '', ...options.ceph } }));
    }
    const program = options.program ?? testedProgram;
    const child = spawn(...tied(program, args), { stdio: ['ignore', 'pipe', 'pipe'] });
    const demo = new Demo(child, port, gateways);
    running.add(demo);
    const late = setTimeout(() => {
      demo.#ready.reject(new Error(`the demo is not ready yet:\n${demo.errors()}`));
    }, HANG_MS);
    try {
      await demo.#ready.promise;
      return demo;
    } catch (error) {
      await demo.stop();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** Where LUN 0 is reached through a gateway. */
  url(gateway: number): string {
    if (gateway >= this.#gateways) throw new Error(`there is no gateway ${gateway}`);
    return `iscsi://127.0.0.1:${this.#port + gateway}/${demoTargetName}/0`;
  }

  get gateways(): number {
    return this.#gateways;
  }

  /** Where a gateway listens. */
  address(gateway: number): { readonly host: string; readonly port: number } {
    if (gateway >= this.#gateways) throw new Error(`there is no gateway ${gateway}`);
    return { host: '127.0.0.1', port: this.#port + gateway };
  }

  addresses(): { readonly host: string; readonly port: number }[] {
    return Array.from({ length: this.#gateways }, (_, gateway) => this.address(gateway));
  }

  /** The newest process of a gateway. */
  processOf(gateway: number): GatewayStart {
    const { port } = this.address(gateway);
    const start = this.#starts.findLast(({ portal }) => portal.split(',')[0]?.endsWith(`:${port}`));
    if (start === undefined) throw new Error(`no start of gateway ${gateway} was announced`);
    return start;
  }

  /** Sends a signal to exactly this process; false if it has ended. */
  signal(start: GatewayStart, signal: NodeJS.Signals): boolean {
    const birth = this.#births.get(start.pid);
    if (birth === undefined || birthOf(start.pid) !== birth) return false;
    process.kill(start.pid, signal);
    return true;
  }

  /** The gateway processes started so far, the newest of a name last. */
  get starts(): readonly GatewayStart[] {
    return this.#starts;
  }

  /** The last lines of the demo's error output. */
  errors(): string {
    return this.#errors.join('\n');
  }

  /** Ends the demo as Ctrl-C does; resolves to its exit code (null if it had to be killed). */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGINT');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), HANG_MS);
      await this.#ended.promise;
      clearTimeout(late);
    }
    this.#killLeftovers();
    running.delete(this);
    return this.#child.exitCode;
  }

  /** Ends the demo and its gateways at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
    this.#killLeftovers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #read(line: string): void {
    if (line.trim() === 'ready') {
      this.#ready.resolve();
      return;
    }
    const event = parseEvent(line);
    if (event?.['event'] === 'ready') this.#ready.resolve();
    if (event?.['event'] !== 'gateway') return;
    const start: GatewayStart = {
      name: String(event['name']),
      pid: Number(event['pid']),
      portal: String(event['portal']),
    };
    this.#starts.push(start);
    const birth = birthOf(start.pid);
    if (birth !== undefined) this.#births.set(start.pid, birth);
  }

  #killLeftovers(): void {
    for (const [pid, birth] of this.#births) {
      if (birthOf(pid) === birth) process.kill(pid, 'SIGKILL');
    }
  }
}

function parseEvent(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The start time of a process that lives (proc_pid_stat(5), field 22); undefined if none does. */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

const localhost = '127.0.0.1';
/** Below the kernel's ephemeral ports: else a client that reconnects could be given the very port
 * of a gateway that is being started again, connect to itself and keep the gateway out. */
const portFirst = 15_000;
const portLast = 32_000;

/**
 * The first of `count` ports in a row that are free, and that stay with this process: between two
 * starts of a gateway no other test file takes its port.
 */
export async function freePorts(count: number): Promise<number> {
  const attemptsMax = 50;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const first = randomInt(portFirst, portLast - count);
    const claims: Server[] = [];
    for (let port = first; port < first + count; port += 1) {
      const claim = await claimOf(port);
      if (claim === undefined) break;
      claims.push(claim);
    }
    if (claims.length === count) return first;
    for (const claim of claims) claim.close();
  }
  throw new Error(`found no ${count} free ports in a row`);
}

/**
 * A claim that the kernel gives back when this process ends: an abstract Unix socket (unix(7)).
 * Undefined when another process has it, or listens on the port.
 */
async function claimOf(port: number): Promise<Server | undefined> {
  const claim = await listening(`\0allpath-test-port-${port}`, localhost);
  if (claim === undefined) return undefined;
  claim.unref();
  const probe = await listening(port, localhost);
  if (probe === undefined) {
    claim.close();
    return undefined;
  }
  await closed(probe);
  return claim;
}
