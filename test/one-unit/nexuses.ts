// The I_T nexuses of a few hosts, each with a session through every gateway, at one logical unit.

import assert from 'node:assert/strict';
import type { Address } from '../initiator/host.ts';
import { freshIsid } from '../initiator/login.ts';
import { Nexus } from './nexus.ts';

const HOSTS = ['a', 'b'] as const;
type HostName = (typeof HOSTS)[number];

interface NexusesOptions {
  readonly addresses: readonly Address[];
  readonly targetName: string;
  readonly lun: number;
}

/** What each nexus is told, by its name; those that are not named are told nothing. */
export type Told = Readonly<Record<string, readonly string[]>>;

export class Nexuses {
  /** By host, then by gateway. */
  readonly all: readonly Nexus[];
  readonly #gateways: number;

  private constructor(all: readonly Nexus[], gateways: number) {
    this.all = all;
    this.#gateways = gateways;
  }

  /** What a new session is told has been taken. */
  static async connect({ addresses, targetName, lun }: NexusesOptions): Promise<Nexuses> {
    const all: Nexus[] = [];
    for (const host of HOSTS) {
      // One initiator port of each host, through every target port.
      const isid = freshIsid();
      const initiatorName = `iqn.2026-11.test:${host}`;
      const keys = { iSCSIProtocolLevel: '2' };
      for (const [gateway, address] of addresses.entries()) {
        const login = { ...address, targetName, initiatorName, isid, keys };
        all.push(await Nexus.connect({ host, gateway, login, lun }));
      }
    }
    const nexuses = new Nexuses(all, addresses.length);
    for (const nexus of all) await nexus.attentions();
    return nexuses;
  }

  at(host: HostName, gateway: number): Nexus {
    const index = HOSTS.indexOf(host) * this.#gateways + gateway;
    return this.all[index]!;
  }

  /** Host a through the first gateway: most is done through it. */
  get first(): Nexus {
    return this.at('a', 0);
  }

  /** Host b through the last gateway. */
  get last(): Nexus {
    return this.at('b', this.#gateways - 1);
  }

  /** Host a through the last gateway. */
  get firstElsewhere(): Nexus {
    return this.at('a', this.#gateways - 1);
  }

  /** Those that have a session. */
  get connected(): readonly Nexus[] {
    return this.all.filter(({ isCut }) => !isCut);
  }

  /** The paths of one host, by gateway. */
  of(host: string): readonly Nexus[] {
    return this.all.filter((nexus) => nexus.host === host);
  }

  except(...some: readonly Nexus[]): readonly Nexus[] {
    return this.all.filter((each) => !some.includes(each));
  }

  /** Every nexus that has a session is told this, once, and nothing else. */
  async areTold(told: Told, lun?: number): Promise<void> {
    const { connected } = this;
    const found = new Map<string, readonly string[]>();
    for (const nexus of connected) found.set(nexus.name, await nexus.attentions(lun));
    const due = new Map(connected.map(({ name }) => [name, told[name] ?? []]));
    assert.deepEqual(found, due);
    for (const nexus of connected) assert.deepEqual(await nexus.attentions(lun), [], nexus.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.all.map(async ({ session }) => {
        if (session.isOpen) await session.logout().catch(() => session.destroy());
      }),
    );
  }
}

/** These nexuses are told the same. */
export function each(nexuses: readonly Nexus[], ...codes: readonly string[]): Told {
  return Object.fromEntries(nexuses.map(({ name }) => [name, codes]));
}
