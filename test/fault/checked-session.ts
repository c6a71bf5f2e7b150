import { setTimeout as delay } from 'node:timers/promises';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import type { Address } from '../initiator/host.ts';
import { type CommandHandle, Initiator } from '../initiator/initiator.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import { freshIsid } from '../initiator/login.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { additionalSense, senseKey } from '../one-unit/commands.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { readThrough, UNIT_LENGTH } from '../support/stamped-writer.ts';
import { type CommandEnd, NexusExpectation } from './nexus-expectation.ts';
import { StampedUnits } from './stamped-units.ts';

export interface CheckedSessionOptions {
  readonly index: number;
  readonly gateway: number;
  readonly address: Address;
  readonly targetName: string;
  readonly random: SeededRandom;
  /** ADDITIONAL SENSE CODE and QUALIFIER of the unit attention of the events. */
  readonly attention: string;
  /** Reservations keep nexuses from reading too. */
  readonly forbidsReads: boolean;
  /** What the medium has of aborted commands is over when this resolves. */
  readonly eventAnswered: () => Promise<unknown>;
}

const UNITS = 64;
const BLOCKS = UNIT_LENGTH / 512;
const DEPTH = 4;
/** Of a hundred commands. */
const READS = 30;
const REFUSED_PAUSE_MS = 10;
const RECONNECT_MS = 100;
/** No command may take longer than 8 s, events least of all. */
const ANSWER_MAX_MS = 30_000;
/** What a lost session leaves has landed by then, or never lands (I11). */
const LOST_MS = 10_000;
const STATUS = { good: 0x00, busy: 0x08, conflict: 0x18, taskSetFull: 0x28 } as const;
const ABORTED_COMMAND = 0x0b;
/** ADDITIONAL SENSE CODE and QUALIFIER: ports come and go with their gateways. */
const ACCESS_STATE_CHANGED = '2a06';

type Request = Omit<ScsiRequest, 'lun'>;

/** One of the sessions that put load on a logical unit; checks each answer and what it reads. */
export class CheckedSession {
  readonly expectation: NexusExpectation;
  readonly units: StampedUnits;
  readonly gateway: number;
  worstMs = 0;
  acknowledged = 0;
  readonly counts: Record<CommandEnd, number> = {
    ...{ good: 0, conflict: 0, attention: 0, refused: 0, nothing: 0 },
  };
  losses = 0;
  readonly faults: string[] = [];
  /** Faults, unless gateways ended during the run. */
  readonly faultsIfSteady: string[] = [];
  readonly #options: CheckedSessionOptions;
  readonly #isid = freshIsid();
  readonly #sent = new Set<CommandHandle>();
  #session: Initiator | undefined;
  #connecting: Promise<Initiator> | undefined;
  #isRunning = true;
  #workers: Promise<void>[] = [];

  private constructor(options: CheckedSessionOptions) {
    this.#options = options;
    this.gateway = options.gateway;
    this.expectation = new NexusExpectation(`session ${options.index}`);
    this.units = new StampedUnits(options.index, UNITS);
  }

  static async connect(options: CheckedSessionOptions): Promise<CheckedSession> {
    const session = new CheckedSession(options);
    await session.#connected();
    return session;
  }

  get isConnected(): boolean {
    return this.#session?.isOpen === true;
  }

  start(): void {
    this.#workers = Array.from({ length: DEPTH }, () => this.#work());
    for (const worker of this.#workers) {
      worker.catch((error: unknown) => this.#ended(error));
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.allSettled(this.#workers);
    await this.#session?.logout().catch(() => this.#session?.destroy());
  }

  /** An event has been answered: commands that it aborted get no status, as an attention shows. */
  async probe(): Promise<void> {
    if (this.#sent.size === 0 || !this.isConnected) return;
    const probing = this.command({ cdb: testUnitReady() }, this.#options.forbidsReads);
    await probing.catch((error: unknown) => this.#ended(error));
  }

  /** Its gateway does not answer: gives the session up. */
  giveUp(): void {
    this.#session?.destroy();
  }

  /** Until it is done, as initiators do; false: its session was lost. */
  async mustDo(request: Request): Promise<boolean> {
    for (;;) {
      const { end } = await this.command(request, false);
      if (end === 'good') return true;
      if (end === 'nothing') return false;
      if (end === 'conflict') throw new Error(`session ${this.#options.index}: conflict`);
      if (end === 'refused') await delay(REFUSED_PAUSE_MS);
    }
  }

  async command(request: Request, isRestricted: boolean) {
    const session = await this.#connected();
    const { expectation } = this;
    const startMs = performance.now();
    const expected = expectation.sent(isRestricted);
    const handle = session.start(request);
    this.#sent.add(handle);
    let end: CommandEnd = 'nothing';
    let isLost = false;
    let result: ScsiResult | undefined;
    try {
      result = await handle.result;
      end = this.#endOf(result, handle);
      this.worstMs = Math.max(this.worstMs, performance.now() - startMs);
    } catch (error) {
      isLost = this.#isLost(error, session);
    } finally {
      this.#sent.delete(handle);
    }
    this.counts[end] += 1;
    // Commands of an earlier session are not checked.
    if (session === this.#session || end !== 'nothing') expectation.ended(expected, end);
    return { end, isLost, dataIn: result?.dataIn };
  }

  /** Reads all units through another session; adds what is wrong to the faults. */
  async verify(reader: Pick<Initiator, 'execute'>): Promise<void> {
    for (let unit = 0; unit < UNITS; unit++) {
      const { status, dataIn } = await readThrough(reader, this.#readOf(unit));
      if (status !== STATUS.good) throw new Error(`read back: status ${status}`);
      this.#check(unit, dataIn);
    }
  }

  async #work(): Promise<void> {
    while (this.#isRunning && this.faults.length === 0) {
      const unit = this.units.take();
      if (unit === undefined) {
        await delay(REFUSED_PAUSE_MS);
        continue;
      }
      try {
        const isRead = this.#options.random.below(100) < READS;
        const end = isRead ? await this.#read(unit) : await this.#write(unit);
        if (end === 'conflict' || end === 'refused') await delay(REFUSED_PAUSE_MS);
      } finally {
        this.units.release(unit);
      }
    }
  }

  async #read(unit: number): Promise<CommandEnd> {
    const { end, dataIn } = await this.command(this.#readOf(unit), this.#options.forbidsReads);
    if (end === 'good') this.#check(unit, dataIn!);
    return end;
  }

  async #write(unit: number): Promise<CommandEnd> {
    const { sequence, bytes } = this.units.write(unit);
    const cdb = write16(this.#lbaOf(unit), BLOCKS);
    const { end, isLost } = await this.command({ cdb, dataOut: bytes }, true);
    if (end === 'good') {
      this.units.written(unit, sequence);
      this.acknowledged += 1;
    } else if (end === 'nothing') {
      this.units.unknown(unit, isLost ? lost() : this.#options.eventAnswered());
    } else {
      this.units.refused(unit, sequence);
    }
    return end;
  }

  #readOf(unit: number): Request {
    return { cdb: read16(this.#lbaOf(unit), BLOCKS), dataInLength: UNIT_LENGTH };
  }

  #lbaOf(unit: number): number {
    return (this.#options.index * UNITS + unit) * BLOCKS;
  }

  #check(unit: number, found: Buffer): void {
    const fault = this.units.read(unit, found);
    if (fault !== undefined) this.faults.push(fault);
  }

  #endOf(result: ScsiResult, handle: CommandHandle): CommandEnd {
    const { status, sense } = result;
    if (status === STATUS.good) return 'good';
    if (status === STATUS.conflict) return 'conflict';
    if (status === STATUS.busy || status === STATUS.taskSetFull) return 'refused';
    const code = additionalSense(result);
    if (code === ACCESS_STATE_CHANGED) return 'refused';
    if (code === this.#options.attention) {
      this.#abandonBefore(handle);
      return 'attention';
    }
    const what = `session ${this.#options.index}: status ${status} ${sense.toString('hex')}`;
    if (senseKey(sense) === ABORTED_COMMAND) {
      // The medium of a gateway may be fenced: the outcome is not known then.
      this.faultsIfSteady.push(what);
      return 'nothing';
    }
    this.faults.push(what);
    return 'refused';
  }

  /** What was sent before the command that was told of the event gets no status. */
  #abandonBefore(told: CommandHandle): void {
    const earlier = [...this.#sent].filter(({ cmdSn }) => {
      // Serial numbers (RFC 1982).
      return cmdSn !== undefined && ((told.cmdSn! - cmdSn) | 0) > 0;
    });
    this.#session?.abandon(...earlier);
  }

  /** False: the command was aborted. */
  #isLost(error: unknown, session: Initiator): boolean {
    if (!(error instanceof InitiatorError) || error.code === 'protocolViolation') throw error;
    if (error.code === 'aborted') return false;
    session.destroy();
    if (session === this.#session) this.#lost(error);
    return true;
  }

  #lost(error: InitiatorError): void {
    this.#session = undefined;
    this.losses += 1;
    this.faultsIfSteady.push(`session ${this.#options.index}: ${error.message}`);
  }

  /** A worker, or a probe, has met what it does not expect, or `stop`. */
  #ended(error: unknown): void {
    const isStopped = !this.#isRunning && error instanceof InitiatorError;
    if (!isStopped || error.code !== 'connectionLost') this.faults.push(String(error));
  }

  async #connected(): Promise<Initiator> {
    if (this.#session?.isOpen === true) return this.#session;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return await this.#connecting;
  }

  async #connect(): Promise<Initiator> {
    const { address, targetName, index } = this.#options;
    const initiatorName = `iqn.2026-11.test:checked-${index}`;
    const login = { ...address, targetName, initiatorName, isid: this.#isid };
    while (this.#isRunning) {
      try {
        const { effective } = this.expectation;
        const session = await Initiator.connect({ ...login, timeoutMs: ANSWER_MAX_MS });
        // What a new session is told is not of the events.
        while ((await session.execute({ cdb: testUnitReady() })).status !== STATUS.good) {
          if (!this.#isRunning) session.destroy();
          await delay(REFUSED_PAUSE_MS);
        }
        this.expectation.connected(effective);
        this.#session = session;
        return session;
      } catch (error) {
        if (error instanceof InitiatorError && error.code === 'protocolViolation') throw error;
        await delay(RECONNECT_MS);
      }
    }
    throw new InitiatorError('connectionLost', 'the session is stopped');
  }
}

/** Resolves when what a lost session leaves has landed, or never lands. */
function lost(): Promise<unknown> {
  return delay(LOST_MS, undefined, { ref: false });
}
