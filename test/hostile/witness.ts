import { readFileSync } from 'node:fs';
import { read16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { type Demo, demoTargetName } from '../support/demo.ts';

/** What the witness saw while others were hostile. */
export interface WitnessReport {
  readonly commands: number;
  readonly worstMs: number;
  readonly rssGrowthBytes: number;
}

const INTERVAL_MS = 5;
const UNIT_ATTENTIONS_MAX = 20;

/**
 * An honest initiator (or several) that reads without a pause while others do harm: it fails when
 * a command fails, when the gateway's process changes, and tells how long it waited.
 */
export class Witness {
  readonly #demo: Demo;
  readonly #gateway: number;
  readonly #pid: number;
  readonly #rssBytes: number;
  readonly #sessions: readonly Initiator[];
  readonly #work: Promise<void>[];
  #running = true;
  #commands = 0;
  #worstMs = 0;

  private constructor(demo: Demo, gateway: number, sessions: readonly Initiator[]) {
    this.#demo = demo;
    this.#gateway = gateway;
    this.#pid = demo.processOf(gateway).pid;
    this.#rssBytes = rssBytes(this.#pid);
    this.#sessions = sessions;
    this.#work = sessions.map((session) => this.#read(session));
    for (const work of this.#work) work.catch(() => {});
  }

  static async start(demo: Demo, gateway = 0, count = 1): Promise<Witness> {
    const sessions: Initiator[] = [];
    for (let index = 0; index < count; index++) {
      const initiatorName = `iqn.2026-11.test:witness-${index}`;
      const options = { ...demo.address(gateway), initiatorName, targetName: demoTargetName };
      sessions.push(await Initiator.connect(options));
    }
    return new Witness(demo, gateway, sessions);
  }

  /** Answers that all of its sessions had. */
  get commands(): number {
    return this.#commands;
  }

  /** Memory that the gateway has taken since the start. */
  get rssGrowthBytes(): number {
    return rssBytes(this.#pid) - this.#rssBytes;
  }

  /** Throws if the gateway is another process than at the start, or a command failed. */
  async finish(): Promise<WitnessReport> {
    this.#running = false;
    await Promise.all(this.#work);
    await Promise.all(this.#sessions.map((session) => session.logout()));
    const { pid } = this.#demo.processOf(this.#gateway);
    if (pid !== this.#pid) throw new Error(`the gateway ended: ${this.#demo.errors()}`);
    const { rssGrowthBytes } = this;
    return { commands: this.#commands, worstMs: this.#worstMs, rssGrowthBytes };
  }

  async #read(session: Initiator): Promise<void> {
    let unitAttentions = 0;
    while (this.#running) {
      const startedAt = performance.now();
      const { status } = await session.execute({ cdb: read16(0, 8), dataInLength: 4096 });
      if (status !== 0 && unitAttentions++ > UNIT_ATTENTIONS_MAX) {
        throw new Error(`the witness met status ${status}`);
      }
      this.#worstMs = Math.max(this.#worstMs, performance.now() - startedAt);
      this.#commands += 1;
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}

/** Resident memory of a process (proc(5), VmRSS). */
export function rssBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(match?.[1] ?? 0) * 1024;
}
