import { setTimeout as delay } from 'node:timers/promises';
import { testUnitReady } from '../initiator/cdb.ts';
import type { Address } from '../initiator/host.ts';
import { Initiator } from '../initiator/initiator.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import { freshIsid } from '../initiator/login.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { additionalSense } from '../one-unit/commands.ts';

/**
 * `busy`: nothing was changed. `lost`: its session was, so the event may have been committed.
 * `unsent`: there was no session.
 */
export type EventOutcome = 'done' | 'busy' | 'lost' | 'unsent';

const LOGICAL_UNIT_RESET = 5;
const RECONNECT_MS = 100;
/** What this process may need to see the end of a session. */
const SEEN_MAX_MS = 1_000;
const GOOD = 0x00;
const BUSY = 0x08;
const CHECK_CONDITION = 0x02;

/** The host that changes the logical unit: one initiator port, with a session to each gateway. */
export class EventHost {
  readonly timesMs: number[] = [];
  /** How long those took whose sessions were lost. */
  readonly lostMs: number[] = [];
  readonly counts: Record<EventOutcome, number> = { done: 0, busy: 0, lost: 0, unsent: 0 };
  readonly faults: string[] = [];
  readonly #addresses: readonly Address[];
  readonly #targetName: string;
  readonly #eventMaxMs: number;
  readonly #isid = freshIsid();
  readonly #sessions = new Map<number, Initiator>();
  /** Gateways that were made not to answer. */
  readonly #silent = new Set<number>();

  /** An event is answered within `eventMaxMs`, or its session is dropped; if not, it is a fault. */
  constructor(addresses: readonly Address[], targetName: string, eventMaxMs: number) {
    this.#addresses = addresses;
    this.#targetName = targetName;
    this.#eventMaxMs = eventMaxMs;
  }

  get gateways(): number {
    return this.#addresses.length;
  }

  /** The gateway does not answer, so its session is given up; until `heard`. */
  silent(gateway: number): void {
    this.#silent.add(gateway);
    this.#sessions.get(gateway)?.destroy();
  }

  heard(gateway: number): void {
    this.#silent.delete(gateway);
  }

  /** LOGICAL UNIT RESET. */
  async reset(gateway: number): Promise<EventOutcome> {
    return await this.#event(gateway, async (session) => {
      const { response } = await session.manage({ function: LOGICAL_UNIT_RESET });
      if (response !== 0) throw new Error(`LOGICAL UNIT RESET: response ${response}`);
      return 'done';
    });
  }

  async command(gateway: number, request: ScsiRequest): Promise<EventOutcome> {
    return await this.#event(gateway, async (session) => {
      for (;;) {
        const result = await session.execute(request);
        if (result.status === GOOD) return 'done';
        if (result.status === BUSY) return 'busy';
        // A port came or went just now: nothing was done.
        if (additionalSense(result) !== undefined) continue;
        throw new Error(`${describe(request)}: ${describe(result)}`);
      }
    });
  }

  /** Until it is done. */
  async mustDo(gateway: number, request: ScsiRequest): Promise<void> {
    while ((await this.command(gateway, request)) !== 'done') await delay(RECONNECT_MS);
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    await Promise.all(sessions.map((each) => each.logout().catch(() => each.destroy())));
  }

  /** Its unit attentions are taken before: they are no part of the event. */
  async #event(
    gateway: number,
    work: (session: Initiator) => Promise<EventOutcome>,
  ): Promise<EventOutcome> {
    let startMs: number | undefined;
    try {
      const session = await this.#connected(gateway);
      await ready(session);
      startMs = performance.now();
      const outcome = await work(session);
      return this.#count(gateway, outcome, performance.now() - startMs);
    } catch (error) {
      if (!(error instanceof InitiatorError) || error.code === 'protocolViolation') throw error;
      this.#sessions.get(gateway)?.destroy();
      this.#sessions.delete(gateway);
      // A login or TEST UNIT READY may wait for a store that does not answer; an event may not.
      if (startMs === undefined) return this.#count(gateway, 'unsent', 0);
      const isLate = error.code === 'timeout' && !this.#silent.has(gateway);
      if (isLate) this.faults.push(`gateway ${gateway}: no answer, and no end of the session`);
      this.lostMs.push(performance.now() - startMs);
      return this.#count(gateway, 'lost', 0);
    }
  }

  #count(gateway: number, outcome: EventOutcome, elapsedMs: number): EventOutcome {
    this.counts[outcome] += 1;
    if (outcome === 'done') this.timesMs.push(elapsedMs);
    if (elapsedMs > this.#eventMaxMs) {
      this.faults.push(`gateway ${gateway}: an event took ${Math.round(elapsedMs)} ms`);
    }
    return outcome;
  }

  async #connected(gateway: number): Promise<Initiator> {
    const known = this.#sessions.get(gateway);
    if (known?.isOpen === true) return known;
    const session = await Initiator.connect({
      ...this.#addresses[gateway]!,
      ...{ targetName: this.#targetName, initiatorName: 'iqn.2026-11.test:events' },
      ...{ isid: this.#isid, timeoutMs: this.#eventMaxMs + SEEN_MAX_MS },
    });
    this.#sessions.set(gateway, session);
    return session;
  }
}

async function ready(session: Initiator): Promise<void> {
  for (;;) {
    const { status } = await session.execute({ cdb: testUnitReady() });
    if (status === GOOD) return;
    if (status !== CHECK_CONDITION) await delay(RECONNECT_MS);
  }
}

function describe(what: ScsiRequest | ScsiResult): string {
  if ('cdb' in what) return `command ${Buffer.from(what.cdb).toString('hex')}`;
  return `status ${what.status} ${what.sense.toString('hex')}`;
}
