import { setTimeout as delay } from 'node:timers/promises';
import { read16, write16 } from '../../initiator/cdb.ts';
import type { Address } from '../../initiator/host.ts';
import { Initiator } from '../../initiator/initiator.ts';
import type { ScsiRequest } from '../../initiator/scsi-exchange.ts';
import { stampedUnit, UNIT_LENGTH } from '../../support/stamped-writer.ts';

export interface GoodSessionsOptions {
  readonly gateways: readonly Address[];
  readonly targetName: string;
  readonly blockLength: number;
  /** Sessions at each gateway, commands under way in each, and time between two of a worker. */
  readonly sessions: number;
  readonly depth: number;
  readonly thinkMs: number;
  /** The first block that they may write. */
  readonly firstBlock: number;
}

/** What the well-behaved initiators have met since the last look, gateway by gateway. */
export interface GoodReport {
  readonly gateways: readonly GatewayReport[];
  /** Sessions that were ended, commands that failed, logins that were refused, and why. */
  readonly drops: number;
  readonly reasons: readonly string[];
  /** Units that did not read as they were written. */
  readonly corrupt: number;
  /** Longest login of an initiator that comes new. */
  readonly loginMaxMs: number;
}

export interface GatewayReport {
  /** Finished, and those of the session that finished the fewest. */
  readonly commands: number;
  readonly commandsMin: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Longest transfer of 1 MiB, which counts in none of the above. */
  readonly longMaxMs: number;
}

const UNITS_PER_WORKER = 4;
/** Now and then each session writes 1 MiB and reads it back, in turn with the others. */
const LONG_UNITS = 256;
const LONG_EVERY_MS = 2000;
const NEWCOMER_EVERY_MS = 1000;
const RECONNECT_MS = 100;
const REASONS_MAX = 5;
const UNIT_ATTENTION = 6;
const UNIT_ATTENTIONS_MAX = 20;
const NAME = 'iqn.2026-11.test:good';

/**
 * Initiators that keep the rules, as many at each gateway: they write units of their own and read
 * them back, now and then in long transfers, and one comes new every second.
 */
export class GoodSessions {
  readonly #options: GoodSessionsOptions;
  readonly #sessions: GoodSession[] = [];
  readonly #faults: Faults = { drops: 0, reasons: [], corrupt: 0, loginMaxMs: 0 };

  private constructor(options: GoodSessionsOptions) {
    this.#options = options;
  }

  static async start(options: GoodSessionsOptions): Promise<GoodSessions> {
    const good = new GoodSessions(options);
    const { gateways, sessions } = options;
    for (let gateway = 0; gateway < gateways.length; gateway++) {
      for (let index = 0; index < sessions; index++) {
        const number = gateway * sessions + index;
        const session = new GoodSession(options, gateway, number, good.#faults);
        good.#sessions.push(session);
        await session.start();
      }
      void good.#welcome(gateway);
    }
    return good;
  }

  /** What was met since the last call; what waits for an answer counts with its age. */
  take(): GoodReport {
    const { drops, reasons, corrupt, loginMaxMs } = this.#faults;
    const gateways = this.#options.gateways.map((_, gateway) => {
      const sessions = this.#sessions.filter((each) => each.gateway === gateway);
      return gatewayReport(sessions.map((each) => each.take()));
    });
    const report = { gateways, drops, reasons: [...reasons], corrupt, loginMaxMs };
    Object.assign(this.#faults, { drops: 0, corrupt: 0, loginMaxMs: 0 });
    reasons.length = 0;
    return report;
  }

  /** Somebody who was not there yet must be let in. */
  async #welcome(gateway: number): Promise<void> {
    const { gateways, targetName, blockLength } = this.#options;
    for (let turn = 0; ; turn++) {
      await delay(NEWCOMER_EVERY_MS);
      const startedAt = performance.now();
      try {
        const initiatorName = `${NAME}-new-${gateway}-${turn % 8}`;
        const initiator = await Initiator.connect({
          ...gateways[gateway]!,
          targetName,
          initiatorName,
        });
        const request = { cdb: read16(0, 1), dataInLength: blockLength };
        await withoutAttention(initiator, request);
        await initiator.logout();
      } catch (error) {
        note(this.#faults, `login: ${(error as Error).message}`);
      }
      const elapsedMs = performance.now() - startedAt;
      this.#faults.loginMaxMs = Math.max(this.#faults.loginMaxMs, elapsedMs);
    }
  }
}

interface Faults {
  drops: number;
  readonly reasons: string[];
  corrupt: number;
  loginMaxMs: number;
}

function note(faults: Faults, reason: string): void {
  faults.drops++;
  if (faults.reasons.length < REASONS_MAX && !faults.reasons.includes(reason)) {
    faults.reasons.push(reason);
  }
}

interface Taken {
  readonly finished: number;
  readonly latenciesMs: readonly number[];
  readonly longMaxMs: number;
}

/** How long commands took since the last look. */
class Latencies {
  readonly #underWay = new Set<{ readonly startedAt: number }>();
  #latenciesMs: number[] = [];

  /** A command begins; returns what to call at its end. */
  begin(): () => void {
    const mark = { startedAt: performance.now() };
    this.#underWay.add(mark);
    return () => {
      this.#underWay.delete(mark);
      this.#latenciesMs.push(performance.now() - mark.startedAt);
    };
  }

  take(): { readonly finished: number; readonly latenciesMs: readonly number[] } {
    const now = performance.now();
    const latenciesMs = this.#latenciesMs;
    const finished = latenciesMs.length;
    this.#latenciesMs = [];
    // A command that is never answered must not look like one that was never sent.
    for (const { startedAt } of this.#underWay) latenciesMs.push(now - startedAt);
    return { finished, latenciesMs };
  }
}

class GoodSession {
  readonly gateway: number;
  readonly #options: GoodSessionsOptions;
  readonly #number: number;
  readonly #faults: Faults;
  readonly #short = new Latencies();
  readonly #long = new Latencies();
  #initiator: Initiator | undefined;
  #connecting: Promise<Initiator> | undefined;

  constructor(options: GoodSessionsOptions, gateway: number, number: number, faults: Faults) {
    this.gateway = gateway;
    this.#options = options;
    this.#number = number;
    this.#faults = faults;
  }

  async start(): Promise<void> {
    await this.#connected();
    for (let worker = 0; worker < this.#options.depth; worker++) void this.#work(worker);
    void this.#workLong();
  }

  take(): Taken {
    const longMaxMs = Math.max(0, ...this.#long.take().latenciesMs);
    return { ...this.#short.take(), longMaxMs };
  }

  async #work(worker: number): Promise<void> {
    const { firstBlock, blockLength, depth, thinkMs } = this.#options;
    const blocks = UNIT_LENGTH / blockLength;
    const first = (this.#number * depth + worker) * UNITS_PER_WORKER;
    for (let sequence = 1; ; sequence++) {
      const unit = first + (sequence % UNITS_PER_WORKER);
      const lba = firstBlock + unit * blocks;
      const stamped = stampedUnit(this.#number, unit, sequence);
      const write = { cdb: write16(lba, blocks), dataOut: stamped };
      const isWritten = await this.#execute(write, this.#short);
      if (thinkMs > 0) await delay(thinkMs);
      if (isWritten === undefined) continue;
      const request = { cdb: read16(lba, blocks), dataInLength: UNIT_LENGTH };
      const read = await this.#execute(request, this.#short);
      if (read !== undefined && !read.equals(stamped)) this.#faults.corrupt++;
      if (thinkMs > 0) await delay(thinkMs);
    }
  }

  /** Long transfers, behind the units of all workers. */
  async #workLong(): Promise<void> {
    const { gateways, sessions, depth, firstBlock, blockLength } = this.#options;
    const sessionsAll = gateways.length * sessions;
    const first = sessionsAll * depth * UNITS_PER_WORKER + this.#number * LONG_UNITS;
    const lba = firstBlock + (first * UNIT_LENGTH) / blockLength;
    const blocks = (LONG_UNITS * UNIT_LENGTH) / blockLength;
    await delay((LONG_EVERY_MS * this.#number) / sessionsAll);
    for (let sequence = 1; ; sequence++) {
      const units = Array.from({ length: LONG_UNITS }, (_, unit) =>
        stampedUnit(this.#number, first + unit, sequence),
      );
      const dataOut = Buffer.concat(units);
      if ((await this.#execute({ cdb: write16(lba, blocks), dataOut }, this.#long)) !== undefined) {
        const request = { cdb: read16(lba, blocks), dataInLength: dataOut.length };
        const read = await this.#execute(request, this.#long);
        if (read !== undefined && !read.equals(dataOut)) this.#faults.corrupt++;
      }
      await delay(LONG_EVERY_MS);
    }
  }

  /** The data that came; undefined when the command failed. */
  async #execute(request: ScsiRequest, latencies: Latencies): Promise<Buffer | undefined> {
    let initiator: Initiator;
    try {
      initiator = await this.#connected();
    } catch (error) {
      note(this.#faults, `login: ${(error as Error).message}`);
      await delay(RECONNECT_MS);
      return undefined;
    }
    const ended = latencies.begin();
    try {
      return await withoutAttention(initiator, request);
    } catch (error) {
      note(this.#faults, (error as Error).message);
      return undefined;
    } finally {
      ended();
    }
  }

  async #connected(): Promise<Initiator> {
    if (this.#initiator?.isOpen === true) return this.#initiator;
    const { gateways, targetName } = this.#options;
    this.#connecting ??= Initiator.connect({
      ...gateways[this.gateway]!,
      targetName,
      initiatorName: `${NAME}-${this.#number}`,
    });
    try {
      this.#initiator = await this.#connecting;
      return this.#initiator;
    } finally {
      this.#connecting = undefined;
    }
  }
}

/** Executes a command as hosts do: a unit attention is heard, and the command sent again. */
async function withoutAttention(initiator: Initiator, request: ScsiRequest): Promise<Buffer> {
  for (let told = 0; ; told++) {
    const { status, sense, dataIn } = await initiator.execute(request);
    if (status === 0) return dataIn;
    const isAttention = status === 2 && (sense[2]! & 0xf) === UNIT_ATTENTION;
    if (!isAttention || told === UNIT_ATTENTIONS_MAX) {
      throw new Error(`status ${status} ${sense.toString('hex')}`);
    }
  }
}

function gatewayReport(sessions: readonly Taken[]): GatewayReport {
  const all = sessions.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  const at = (share: number) => all[Math.min(all.length - 1, Math.floor(share * all.length))] ?? 0;
  const finished = sessions.map((each) => each.finished);
  return {
    commands: finished.reduce((sum, each) => sum + each, 0),
    commandsMin: Math.min(...finished),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    longMaxMs: Math.max(...sessions.map(({ longMaxMs }) => longMaxMs)),
  };
}
