// Network namespaces for a test: a process inside reaches this machine by one pair of interfaces,
// and its packets to some ports can be dropped silently for a while.

import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mustRun, run } from './run.ts';
import { waitFor } from './wait-for.ts';

const IP = '/usr/sbin/ip';
const NFT = '/usr/sbin/nft';
/** Names contain the process that made them, so that the next one removes leftovers. */
const PREFIX = 'apt';
/** Of 198.18.0.0/15, which RFC 2544 keeps for benchmarks: no network of the machine's. */
const SUBNETS_MAX = 512;
const ATTEMPTS_MAX = 20;

export interface Ports {
  readonly first: number;
  readonly last: number;
}

let made = 0;

class SubnetTaken extends Error {}

export class NetworkNamespace {
  readonly name: string;
  /** Of this machine, as seen from inside. */
  readonly hostAddress: string;
  /** Of what listens inside. */
  readonly address: string;

  private constructor(name: string, subnet: string) {
    this.name = name;
    this.hostAddress = `${subnet}.1`;
    this.address = `${subnet}.2`;
  }

  /** Why namespaces cannot be made here; undefined if they can. */
  static async missing(): Promise<string | undefined> {
    for (const program of [IP, NFT]) if (!existsSync(program)) return `there is no ${program}`;
    try {
      await using probe = await NetworkNamespace.create();
      await probe.cut({ first: 1, last: 1 });
      return undefined;
    } catch (error) {
      return String(error).split('\n').filter(Boolean).slice(0, 3).join('; ');
    }
  }

  /** `choose`: the number of a subnet to try. */
  static async create(choose = () => randomInt(SUBNETS_MAX)): Promise<NetworkNamespace> {
    await removeLeftovers();
    for (let attempt = 1; ; attempt++) {
      const number = choose();
      const subnet = `198.${18 + (number >> 8)}.${number & 0xff}`;
      made += 1;
      const namespace = new NetworkNamespace(`${PREFIX}-${process.pid}-${made}`, subnet);
      try {
        await namespace.#make();
        return namespace;
      } catch (error) {
        await namespace.dispose();
        const isTaken = error instanceof SubnetTaken || String(error).includes('File exists');
        if (attempt === ATTEMPTS_MAX || !isTaken) throw error;
      }
    }
  }

  /** What to hand to `spawn` to have a program run inside, under the process id of the child. */
  within(file: string, args: readonly string[]): readonly [string, string[]] {
    return [IP, ['netns', 'exec', this.name, file, ...args]];
  }

  /** Drops what goes to those ports, wherever, and what comes from them, until `heal`. */
  async cut({ first, last }: Ports): Promise<void> {
    const rules = [
      'table inet cut',
      'delete table inet cut',
      'table inet cut {',
      ` chain out { type filter hook output priority 0; tcp dport ${first}-${last} drop; }`,
      ` chain in { type filter hook input priority 0; tcp sport ${first}-${last} drop; }`,
      '}',
    ].join('\n');
    await this.#run(NFT, rules);
  }

  async heal(): Promise<void> {
    await this.#run(NFT, 'table inet cut\ndelete table inet cut');
  }

  /** The interfaces go with it. */
  async dispose(): Promise<void> {
    await remove(this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #make(): Promise<void> {
    const { name, hostAddress, address } = this;
    const [outer, inner] = [`${name.slice(-12)}o`, `${name.slice(-12)}i`];
    const inside = (...words: string[]) => mustRun(IP, ['-n', name, ...words]);
    await mustRun(IP, ['netns', 'add', name]);
    const pair = ['type', 'veth', 'peer', 'name', inner, 'netns', name];
    await mustRun(IP, ['link', 'add', outer, ...pair]);
    await mustRun(IP, ['address', 'add', `${hostAddress}/30`, 'dev', outer]);
    // The kernel gives one address to two interfaces without a word.
    const holders = await mustRun(IP, ['-o', '-4', 'address', 'show', 'to', hostAddress]);
    if (holders.trim().split('\n').length > 1) throw new SubnetTaken(`${hostAddress} is in use`);
    await mustRun(IP, ['link', 'set', outer, 'up']);
    await inside('address', 'add', `${address}/30`, 'dev', inner);
    await inside('link', 'set', 'lo', 'up');
    await inside('link', 'set', inner, 'up');
    await inside('route', 'add', 'default', 'via', hostAddress);
    const state = `/sys/class/net/${outer}/operstate`;
    const isUp = () => readFileSync(state, 'latin1').trim() === 'up';
    await waitFor('the interfaces are up', isUp);
  }

  async #run(program: string, script: string): Promise<void> {
    const [file, args] = this.within(program, [script]);
    await mustRun(file, args);
  }
}

async function removeLeftovers(): Promise<void> {
  const { stdout } = await run(IP, ['netns', 'list']);
  for (const line of stdout.split('\n')) {
    const name = line.split(' ')[0]!;
    const [prefix, pid] = name.split('-');
    if (prefix === PREFIX && !existsSync(`/proc/${pid}`)) await remove(name);
  }
}

async function remove(name: string): Promise<void> {
  // The outer end first: a process that still runs inside would keep the inner one.
  await run(IP, ['link', 'delete', `${name.slice(-12)}o`]);
  await run(IP, ['netns', 'delete', name]);
}
