// One host at one logical unit through one gateway.

import assert from 'node:assert/strict';
import { testUnitReady } from '../initiator/cdb.ts';
import { type CommandHandle, Initiator, type InitiatorOptions } from '../initiator/initiator.ts';
import { freshIsid } from '../initiator/login.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { waitFor } from '../support/wait-for.ts';
import { additionalSense, waitingWrite } from './commands.ts';

const UNIT_ATTENTIONS_MAX = 16;

const TaskFunction = {
  abortTask: 1,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
  targetColdReset: 7,
  queryTask: 9,
} as const;
const FUNCTION_COMPLETE = 0;
const TASK_DOES_NOT_EXIST = 1;
const FUNCTION_SUCCEEDED = 7;

interface NexusOptions {
  readonly host: string;
  readonly gateway: number;
  readonly login: InitiatorOptions;
  readonly session: Initiator;
  readonly lun: number;
}

/** A host through one gateway, by one session at a time. */
export class Nexus {
  readonly host: string;
  readonly gateway: number;
  readonly #options: NexusOptions;
  readonly #lun: number;
  #session: Initiator;
  #isCut = false;

  private constructor(options: NexusOptions) {
    this.host = options.host;
    this.gateway = options.gateway;
    this.#options = options;
    this.#lun = options.lun;
    this.#session = options.session;
  }

  static async connect(options: Omit<NexusOptions, 'session'>): Promise<Nexus> {
    return new Nexus({ ...options, session: await Initiator.connect(options.login) });
  }

  get session(): Initiator {
    return this.#session;
  }

  /** Without a session, because the row has ended it. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Ends its session without a word, as when the path is lost. */
  cut(): void {
    this.#session.destroy();
    this.#isCut = true;
  }

  /**
   * A new session of its initiator port, or of another one of the same host. What that session is
   * told at first has been taken.
   */
  async logInAgain({ asNewPort = false } = {}): Promise<void> {
    const { login } = this.#options;
    const isid = asNewPort ? { isid: freshIsid() } : {};
    this.#session = await Initiator.connect({ ...login, ...isid });
    this.#isCut = false;
    await this.attentions();
  }

  /** `a0` is host a through gateway 0. */
  get name(): string {
    return `${this.host}${this.gateway}`;
  }

  /** The same session at another logical unit. */
  at(lun: number): Nexus {
    return new Nexus({ ...this.#options, session: this.#session, lun });
  }

  execute(request: Omit<ScsiRequest, 'lun'>, lun = this.#lun): Promise<ScsiResult> {
    return this.session.execute({ ...request, lun });
  }

  async status(request: Omit<ScsiRequest, 'lun'>): Promise<number> {
    return (await this.execute(request)).status;
  }

  /** The status after the unit attentions that were pending. */
  async statusPastAttentions(request: Omit<ScsiRequest, 'lun'>): Promise<number> {
    for (let attentions = 0; attentions <= UNIT_ATTENTIONS_MAX; attentions++) {
      const result = await this.execute(request);
      if (additionalSense(result) === undefined) return result.status;
    }
    assert.fail(`unit attentions end at ${this.name}`);
  }

  async must(request: Omit<ScsiRequest, 'lun'>): Promise<Buffer> {
    const { status, sense, dataIn } = await this.execute(request);
    assert.equal(status, 0, `through ${this.name}: ${sense.toString('hex')}`);
    return dataIn;
  }

  async resetLogicalUnit(): Promise<void> {
    await this.#manage(TaskFunction.logicalUnitReset);
  }

  async resetTarget(kind: 'warm' | 'cold' = 'warm'): Promise<void> {
    const { targetWarmReset, targetColdReset } = TaskFunction;
    await this.#manage(kind === 'warm' ? targetWarmReset : targetColdReset);
  }

  async clearTaskSet(): Promise<void> {
    await this.#manage(TaskFunction.clearTaskSet);
  }

  start(request: Omit<ScsiRequest, 'lun'>): CommandHandle {
    return this.session.start({ ...request, lun: this.#lun });
  }

  /** Resolves when the gateway has a write that waits for its data, which never comes. */
  async startWrite(): Promise<CommandHandle> {
    return await this.startWithoutData(waitingWrite());
  }

  /** Resolves when the gateway has asked this command for its data, which never comes. */
  async startWithoutData(request: Omit<ScsiRequest, 'lun'>): Promise<CommandHandle> {
    let isWaiting = false;
    const onR2t = () => {
      isWaiting = true;
      return false;
    };
    const handle = this.start({ ...request, immediateLength: 0, unsolicitedLength: 0, onR2t });
    await waitFor('the command is asked for its data', () => isWaiting);
    return handle;
  }

  /** The status that the command ended with before the answer to ABORT TASK, if it had one. */
  async abortTask(of: CommandHandle): Promise<number | undefined> {
    const { response } = await this.session.manage({
      ...{ function: TaskFunction.abortTask, lun: this.#lun, of },
    });
    assert.ok(response === FUNCTION_COMPLETE || response === TASK_DOES_NOT_EXIST);
    this.session.abandon(of);
    return await of.result.then(
      ({ status }) => status,
      () => undefined,
    );
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
    await waitFor(`${this.name} is told ${code}`, hears);
    assert.deepEqual(told, [code], this.name);
  }

  async #manage(taskFunction: number): Promise<void> {
    const request = { function: taskFunction, lun: this.#lun };
    assert.equal((await this.session.manage(request)).response, FUNCTION_COMPLETE);
  }
}
