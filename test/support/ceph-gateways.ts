// Gateways of a given document on a pool of a cluster, each in its own process, which can be
// stopped, killed and restarted, in a network namespace if one is given; leaves none behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { storeWords } from '../../src/cli/store-options.ts';
import {
  decodeMessage,
  encodeMessage,
  FENCE_CHANNEL,
  type FenceAnswer,
} from '../../src/control/channels.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import type { MemberState, MembershipView } from '../../src/membership/membership.ts';
import { MembershipStore } from '../../src/membership/membership-store.ts';
import type { Address } from '../initiator/host.ts';
import { freePorts } from './demo.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { openRadosMember, type RadosMember, type RadosPlace } from './rados-member.ts';
import { type Finished, run } from './run.ts';
import { tied } from './tied.ts';
import { HANG_MS } from './wait-for.ts';

const program =
  process.env['ALLPATH_PROGRAM'] ?? fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const ISCSI_PORT = 3260;
const FENCE_WAIT_MS = 8_000;
const POLL_MS = 20;
/** How many of the last characters of the standard error of a gateway are kept. */
const ERRORS_MAX = 20_000;

export interface CephGatewaysOptions {
  readonly place: RadosPlace;
  readonly gateways: number;
  /** The document without its gateways, which are added: `g0`, `g1` and so on. */
  readonly parts: object;
  /** The namespace of a gateway, by its number; the network of this process if there is none. */
  readonly namespaces?: readonly NetworkNamespace[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** One gateway by its name, across its processes. */
export class CephGateway {
  readonly name: string;
  readonly address: Address;
  readonly namespace: NetworkNamespace | undefined;
  /** How often it has logged that it serves: once for each incarnation. */
  served = 0;
  errors = '';
  readonly #command: readonly [string, string[]];
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(
    name: string,
    address: Address,
    words: readonly string[],
    namespace: NetworkNamespace | undefined,
    environment: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    this.address = address;
    this.namespace = namespace;
    const args = ['gateway', '--name', name, ...words, '--json'];
    this.#command = namespace === undefined ? [program, args] : namespace.within(program, args);
    this.#environment = { ...process.env, ...environment };
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} was never started`);
    return pid;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const before = this.served;
    const options = { stdio: ['ignore', 'pipe', 'pipe'] as const, env: this.#environment };
    const child = spawn(...tied(...this.#command), { ...options, stdio: [...options.stdio] });
    this.#child = child;
    this.#ended = once(child, 'close').catch(() => {});
    createInterface(child.stdout!).on('line', (line) => {
      if (line.includes('"ready"')) this.served += 1;
    });
    child.stderr!.on('data', (chunk) => {
      this.errors = (this.errors + String(chunk)).slice(-ERRORS_MAX);
    });
    await this.servesAgain(before);
  }

  /** Resolves when it has logged that more often than `before`, with the time that this took. */
  async servesAgain(before: number, limitMs = HANG_MS): Promise<number> {
    const startMs = performance.now();
    while (this.served <= before) {
      if (!this.isRunning) throw new Error(`${this.name} has ended:\n${this.errors}`);
      if (performance.now() - startMs > limitMs) {
        throw new Error(`${this.name} does not serve within ${limitMs} ms:\n${this.errors}`);
      }
      await delay(POLL_MS);
    }
    return performance.now() - startMs;
  }

  /** Throws if the process has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child?.kill(signal) !== true) throw new Error(`${this.name} has ended`);
  }

  /** Resolves when it is gone, also if it already was. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Resolves when it has ended by itself, or was killed for not doing so. */
  async terminate(): Promise<void> {
    // A stopped process takes no SIGTERM.
    this.#child?.kill('SIGCONT');
    this.#child?.kill('SIGTERM');
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), HANG_MS);
    await this.#ended;
    clearTimeout(late);
  }
}

export class CephGateways {
  readonly gateways: readonly CephGateway[];
  readonly place: RadosPlace;
  readonly #folder: string;
  readonly #words: readonly string[];
  readonly #tool: RadosMember;
  readonly #membership: MembershipStore;
  #parts: object;

  private constructor(
    options: CephGatewaysOptions,
    folder: string,
    gateways: readonly CephGateway[],
    tool: RadosMember,
  ) {
    this.place = options.place;
    this.gateways = gateways;
    this.#folder = folder;
    this.#words = storeWords({ ceph: options.place });
    this.#tool = tool;
    this.#parts = options.parts;
    const { records } = tool;
    this.#membership = new MembershipStore({ records, clock: systemClock, random: systemRandom });
  }

  /** Applies the document; the gateways are started by `startAll`. */
  static async prepare(options: CephGatewaysOptions): Promise<CephGateways> {
    const { place, namespaces = [], environment = {} } = options;
    const folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
    const port = await freePorts(options.gateways);
    const words = storeWords({ ceph: place });
    const gateways = Array.from({ length: options.gateways }, (_, i) => {
      const namespace = namespaces[i];
      const address =
        namespace === undefined
          ? { host: '127.0.0.1', port: port + i }
          : { host: namespace.address, port: ISCSI_PORT };
      return new CephGateway(`g${i}`, address, words, namespace, environment);
    });
    const tool = await openRadosMember(place, 'test');
    const cluster = new CephGateways(options, folder, gateways, tool);
    try {
      await cluster.mustApply(options.parts);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  static async start(options: CephGatewaysOptions): Promise<CephGateways> {
    const cluster = await CephGateways.prepare(options);
    await cluster.startAll();
    return cluster;
  }

  /** Resolves when all of them serve; else ends them, and rejects. */
  async startAll(): Promise<void> {
    try {
      await Promise.all(this.gateways.map((gateway) => gateway.start()));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  get addresses(): readonly Address[] {
    return this.gateways.map(({ address }) => address);
  }

  async mustApply(parts: object): Promise<void> {
    this.#parts = parts;
    const gateways = this.gateways.map(({ name, address: { host, port } }) => ({
      name,
      portals: [{ address: host, port }],
    }));
    const file = join(this.#folder, 'document.json');
    await writeFile(file, JSON.stringify({ formatVersion: 1, gateways, ...this.#parts }));
    await this.mustRun('apply', file);
  }

  /** Runs a command on the store. */
  async allpath(...args: readonly string[]): Promise<Finished> {
    return await run(program, [...args, ...this.#words, '--json']);
  }

  async mustRun(...args: readonly string[]): Promise<string> {
    const { code, stderr, stdout } = await this.allpath(...args);
    if (code !== 0) throw new Error(`allpath ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Asks the serving gateways to fence one, as the command does; resolves with the answers. */
  async askToFence(name: string): Promise<readonly FenceAnswer[]> {
    const request = encodeMessage({ name });
    const { answers } = await this.#tool.records.notify(FENCE_CHANNEL, request, FENCE_WAIT_MS);
    return answers.flatMap(({ payload }) => decodeMessage<FenceAnswer>(payload) ?? []);
  }

  /** The current members in the store. */
  async view(): Promise<MembershipView> {
    return await this.#membership.read();
  }

  /** The latest incarnation of a gateway that serves; throws if there is none. */
  async serving(gateway: number): Promise<MemberState> {
    const { name } = this.gateways[gateway]!;
    const { members } = await this.view();
    const found = members.findLast((each) => each.name === name && each.state === 'serving');
    if (found === undefined) throw new Error(`${name} does not serve`);
    return found;
  }

  /** Resolves when the condition holds for the incarnation; `undefined`: it is no longer listed. */
  async until(
    { incarnation }: MemberState,
    what: string,
    holds: (now: MemberState | undefined) => boolean,
    limitMs = HANG_MS,
  ): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const { members } = await this.view();
      if (holds(members.find((each) => each.incarnation === incarnation))) return;
      if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
      await delay(POLL_MS);
    }
  }

  /** Resolves when the fence of the incarnation is finished. */
  async fenced(member: MemberState, limitMs?: number): Promise<void> {
    const isFenced = (now: MemberState | undefined) => {
      if (now?.hasLeft === true) throw new Error(`${member.name} left, and was not fenced`);
      return now === undefined || now.state === 'finished';
    };
    await this.until(member, `${member.name} is fenced`, isFenced, limitMs);
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.terminate()));
    await this.#tool.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
