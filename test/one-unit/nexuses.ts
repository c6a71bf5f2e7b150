// The I_T nexuses of a few hosts, each with a session through every gateway, at one logical unit.

import assert from 'node:assert/strict';
import { testUnitReady } from '../initiator/cdb.ts';
import type { Address } from '../initiator/host.ts';
import { type CommandHandle, Initiator } from '../initiator/initiator.ts';
import { freshIsid } from '../initiator/login.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { waitFor } from '../support/wait-for.ts';
import { additionalSense, waitingWrite } from './commands.ts';

const HOSTS = ['a', 'b'] as const;
type HostName = (typeof HOSTS)[number];
const UNIT_ATTENTIONS_MAX = 16;
const HANG_MS = 60_000;

const TaskFunction = { logicalUnitReset: 5, targetWarmReset: 6, queryTask: 9 } as const;
const FUNCTION_COMPLETE = 0;
const FUNCTION_SUCCEEDED = 7;

/** One session of a host through one gateway. */
export class Nexus {
  readonly host: HostName;
  readonly gateway: number;
  readonly session: Initiator;
  readonly #lun: number;

  constructor(host: HostName, gateway: number, session: Initiator, lun: number) {
    this.host = host;
    this.gateway = gateway;
    this.session = session;
    this.#lun = lun;
  }

  /** `a0` is host a through gateway 0. */
  get name(): string {
    return `${this.host}${this.gateway}`;
  }

  /** The same session at another logical unit. */
  at(lun: number): Nexus {
    return new Nexus(this.host, this.gateway, this.session, lun);
  }

  execute(request: Omit<ScsiRequest, 'lun'>, lun = this.#lun): Promise<ScsiResult> {
    return this.session.execute({ ...request, lun });
  }

  async status(request: Omit<ScsiRequest, 'lun'>): Promise<number> {
    return (await this.execute(request)).status;
  }

  async must(request: Omit<ScsiRequest, 'lun'>): Promise<Buffer> {
    const { status, sense, dataIn } = await this.execute(request);
    assert.equal(status, 0, `through ${this.name}: ${sense.toString('hex')}`);
    return dataIn;
  }

  async resetLogicalUnit(): Promise<void> {
    await this.#manage(TaskFunction.logicalUnitReset);
  }

  async resetTarget(): Promise<void> {
    await this.#manage(TaskFunction.targetWarmReset);
  }

  /** Resolves when the gateway has a write that waits for its data, which never comes. */
  async startWrite(): Promise<CommandHandle> {
    let isWaiting = false;
    const onR2t = () => {
      isWaiting = true;
      return false;
    };
    const handle = this.session.start({ ...waitingWrite(), lun: this.#lun, onR2t });
    await waitFor('the write is asked for its data', () => isWaiting, HANG_MS);
    return handle;
  }

  /** Whether the gateway still has that command, by QUERY TASK. */
  async hasTask(of: CommandHandle): Promise<boolean> {
    const { response } = await this.session.manage({
      ...{ function: TaskFunction.queryTask, lun: this.#lun, of },
    });
    assert.ok(response === FUNCTION_COMPLETE || response === FUNCTION_SUCCEEDED);
    return response === FUNCTION_SUCCEEDED;
  }

  /** Takes all unit attentions that are pending, by TEST UNIT READY. */
  async attentions(lun = this.#lun): Promise<string[]> {
    const codes: string[] = [];
    for (;;) {
      const result = await this.execute({ cdb: testUnitReady() }, lun);
      const code = additionalSense(result);
      if (code === undefined) return codes;
      codes.push(code);
      assert.ok(codes.length <= UNIT_ATTENTIONS_MAX, `unit attentions end: ${codes}`);
    }
  }

  /** Resolves when it is told this, and nothing else; it may take as long as a fence. */
  async isTold(code: string): Promise<void> {
    const told: string[] = [];
    const hears = async () => {
      told.push(...(await this.attentions()));
      return told.length > 0;
    };
    await waitFor(`${this.name} is told ${code}`, hears, HANG_MS);
    assert.deepEqual(told, [code], this.name);
  }

  async #manage(taskFunction: number): Promise<void> {
    const request = { function: taskFunction, lun: this.#lun };
    assert.equal((await this.session.manage(request)).response, FUNCTION_COMPLETE);
  }
}

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
        all.push(new Nexus(host, gateway, await Initiator.connect(login), lun));
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

  except(...some: readonly Nexus[]): readonly Nexus[] {
    return this.all.filter((each) => !some.includes(each));
  }

  /** Every nexus is told this, once, and nothing else. */
  async areTold(told: Told, lun?: number): Promise<void> {
    const found = new Map<string, readonly string[]>();
    for (const nexus of this.all) found.set(nexus.name, await nexus.attentions(lun));
    const due = new Map(this.all.map(({ name }) => [name, told[name] ?? []]));
    assert.deepEqual(found, due);
    for (const nexus of this.all) assert.deepEqual(await nexus.attentions(lun), [], nexus.name);
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
