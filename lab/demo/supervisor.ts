import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemReason } from '../../src/base/system-reason.ts';
import type { GatewayStatus } from '../../src/control/channels.ts';
import { type GatewayMessage, PREVIOUS_VARIABLE } from '../../src/gateway/supervisor-messages.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { HEAP_MIB } from '../../src/iscsi/limits.ts';
import { StoppedProcesses } from './stopped-processes.ts';

/** A gateway that ends sooner than this is restarted after a growing wait. */
const SETTLED_MS = 5_000;
const RESTART_DELAY_MS = 50;
/** Including its start, a gateway is back within 2 s, however often it died before. */
const RESTART_DELAY_MAX_MS = 500;
/** A gateway that was asked to end is killed after this. */
const END_WAIT_MAX_MS = 6_000;
/** File operations of a gateway run on the threads of libuv; its default is 4. */
const GATEWAY_THREADS = '8';

/**
 * The JavaScript heap of a gateway: more than the bounds of its sessions allow it to need, and low
 * enough that one with a leak is restarted before the host suffers. Buffers are not in it.
 */
const HEAP = `--max-old-space-size=${HEAP_MIB}`;
/** Garbage of commands dies at once: a young generation of 48 MiB would only waste memory. */
const YOUNG_HEAP = '--max-semi-space-size=4';

/**
 * glibc's allocator (mallopt(3)): by default it has a heap for each of a dozen threads, and keeps
 * in each the memory that the compiler or the collector needed there once. With one heap, others
 * reuse it. Buffers are mapped one by one, and the heap does not keep them.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

interface SupervisorOptions {
  /** The words of a command line that name the store. */
  readonly storeWords: readonly string[];
  /** Gateway names, and their portals in printed form. */
  readonly gateways: readonly { readonly name: string; readonly portal: string }[];
  /** A gateway process accepts logins: at first, and after each restart. */
  readonly onServing: (name: string, pid: number, portal: string) => void;
  /** A gateway process has ended, and is restarted; otherwise `onFailure` is called. */
  readonly onEnded: (name: string, pid: number, how: string) => void;
  /** A line of a gateway's standard error: its log. */
  readonly onLine: (line: string) => void;
  /** A gateway cannot start at all. */
  readonly onFailure: (code: string, message: string) => void;
}

interface Supervised {
  readonly name: string;
  readonly portal: string;
  child: ChildProcess | undefined;
  startedMs: number;
  delayMs: number;
  /** It served at least once, so if it ends it is restarted. */
  served: boolean;
  /** Its last incarnation that served. */
  incarnation: string;
  failure: { code: string; message: string } | undefined;
  status: GatewayStatus | undefined;
}

/** Starts gateway processes, restarts them when they end, and ends them. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #gateways: Supervised[];
  readonly #stopped = new StoppedProcesses(systemClock, () =>
    this.#gateways.flatMap(({ child }) => child ?? []),
  );
  #isStopping = false;
  /** Called at each end of a process while all are being ended. */
  #onEnd: () => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#gateways = options.gateways.map(({ name, portal }) => ({
      name,
      portal,
      child: undefined,
      startedMs: 0,
      delayMs: 0,
      served: false,
      incarnation: '',
      failure: undefined,
      status: undefined,
    }));
  }

  /** The latest figures of each running gateway. */
  get statuses(): readonly GatewayStatus[] {
    return this.#gateways.flatMap(({ child, status }) => (child && status ? [status] : []));
  }

  start(): void {
    for (const gateway of this.#gateways) this.#spawn(gateway);
    this.#stopped.open();
  }

  /** Asks every gateway to end, and resolves when all have. */
  async end(): Promise<void> {
    this.#isStopping = true;
    this.#stopped.close();
    const ended = new Promise<void>((resolve) => {
      this.#onEnd = () => {
        if (this.#gateways.every(({ child }) => child === undefined)) resolve();
      };
    });
    this.#signal('SIGTERM');
    const late = setTimeout(() => this.#signal('SIGKILL'), END_WAIT_MAX_MS);
    this.#onEnd();
    await ended;
    clearTimeout(late);
  }

  /** Ends every gateway without asking. */
  kill(): void {
    this.#stopped.close();
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    for (const { child } of this.#gateways) child?.kill(signal);
  }

  #spawn(gateway: Supervised): void {
    if (this.#isStopping) return;
    const args = ['gateway', ...this.#options.storeWords, '--name', gateway.name];
    const program = process.argv[1] ?? '';
    const child = spawn(
      process.execPath,
      [HEAP, YOUNG_HEAP, program, ...args, '--log-level', 'warn'],
      {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: {
          ...{ UV_THREADPOOL_SIZE: GATEWAY_THREADS, ...ALLOCATOR, ...process.env },
          // Its process has ended: there is one at a time.
          [PREVIOUS_VARIABLE]: gateway.incarnation,
        },
      },
    );
    if (child.stderr !== null) {
      createInterface(child.stderr).on('line', (line) => this.#options.onLine(line));
    }
    gateway.child = child;
    gateway.startedMs = performance.now();
    gateway.failure = undefined;
    gateway.status = undefined;
    child.on('message', (message) => this.#receive(gateway, child, message as GatewayMessage));
    child.once('error', (error) => {
      gateway.failure = { code: 'gatewayNotStarted', message: systemReason(error) };
      // Without a process there is no exit to wait for.
      if (child.pid === undefined) this.#ended(gateway, child, systemReason(error));
    });
    child.once('exit', (code, signal) => this.#ended(gateway, child, String(signal ?? code)));
  }

  #receive(gateway: Supervised, child: ChildProcess, message: GatewayMessage): void {
    if (message.kind === 'status') gateway.status = message.status;
    else if (message.kind === 'failed') gateway.failure = message;
    else {
      gateway.served = true;
      gateway.incarnation = message.incarnation;
      this.#options.onServing(gateway.name, child.pid ?? 0, gateway.portal);
    }
  }

  #ended(gateway: Supervised, child: ChildProcess, how: string): void {
    gateway.child = undefined;
    if (this.#isStopping) {
      this.#onEnd();
      return;
    }
    const { name, failure, served } = gateway;
    const isHopeless = !served && (failure !== undefined || how !== 'SIGKILL');
    if (isHopeless) {
      const { code, message } = failure ?? { code: 'gatewayEnded', message: `it ended (${how})` };
      this.#options.onFailure(code, `${name}: ${message}`);
      return;
    }
    this.#options.onEnded(name, child.pid ?? 0, how);
    const hasSettled = performance.now() - gateway.startedMs > SETTLED_MS;
    gateway.delayMs = hasSettled
      ? RESTART_DELAY_MS
      : Math.min(Math.max(gateway.delayMs * 2, RESTART_DELAY_MS), RESTART_DELAY_MAX_MS);
    setTimeout(() => this.#spawn(gateway), gateway.delayMs);
  }
}
