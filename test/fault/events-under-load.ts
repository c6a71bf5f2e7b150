// Events of one logical unit, one after the other through all gateways, while sessions through all
// gateways read and write it. Every status is checked, every unit attention is counted, and all
// that was acknowledged is read back.

import { setTimeout as delay } from 'node:timers/promises';
import { demoTargetName } from '../support/demo.ts';
import type { PlacedDemo } from '../support/demo-place.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { SteadySession } from '../support/steady-session.ts';
import { HANG_MS } from '../support/wait-for.ts';
import { CheckedSession } from './checked-session.ts';
import { EventHost, type EventOutcome } from './event-host.ts';
import { type EventKind, type EventWorld, eventKinds } from './event-kinds.ts';
import { faultLoop, type GatewayFault } from './gateway-faults.ts';
import type { CommandEnd } from './nexus-expectation.ts';

export interface EventsUnderLoadOptions {
  readonly place: PlacedDemo;
  readonly random: SeededRandom;
  /** Of `eventKinds`. */
  readonly kind: string;
  readonly seconds: number;
  /** Of one event; a hang unless given, because a slow machine is no fault. */
  readonly eventMaxMs?: number;
  readonly sessions?: number;
  /** Between two events. */
  readonly pauseMs?: number;
  readonly fault?: GatewayFault;
  readonly faultEveryMs?: number;
  readonly onProgress?: (summary: EventsSummary) => void;
}

export interface EventsSummary {
  /** Of each event that was done. */
  readonly timesMs: readonly number[];
  /** Of each whose session was lost. */
  readonly lostMs: readonly number[];
  readonly events: Readonly<Record<EventOutcome, number>>;
  readonly commands: Readonly<Record<CommandEnd, number>>;
  readonly acknowledged: number;
  readonly worstCommandMs: number;
  readonly lostSessions: number;
  readonly faults: number;
}

const EVENTS_MIN = 2;
const PROGRESS_MS = 10_000;

/** Rejects with what is wrong. */
export async function eventsUnderLoad(options: EventsUnderLoadOptions): Promise<EventsSummary> {
  const kind = eventKinds[options.kind];
  if (kind === undefined) throw new Error(`events are: ${Object.keys(eventKinds).join(', ')}`);
  const { demo } = options.place;
  const run = await Run.start(options, kind);
  try {
    await run.play();
  } finally {
    await run.stop();
  }
  for (let gateway = 0; gateway < demo.gateways; gateway++) await run.verify(gateway);
  run.check();
  run.checkSteady();
  return run.summary();
}

class Run {
  readonly #options: EventsUnderLoadOptions;
  /** Of gateway processes, when it began. */
  readonly #starts: number;
  readonly #kind: EventKind;
  readonly #world: EventWorld;
  /** The event that is under way, and what it has aborted. */
  readonly #current: { event: Promise<unknown> };
  #faults = 0;

  private constructor(
    options: EventsUnderLoadOptions,
    kind: EventKind,
    world: EventWorld,
    current: { event: Promise<unknown> },
  ) {
    this.#options = options;
    this.#starts = options.place.demo.starts.length;
    this.#kind = kind;
    this.#world = world;
    this.#current = current;
  }

  static async start(options: EventsUnderLoadOptions, kind: EventKind): Promise<Run> {
    const { place, random, sessions: count = 8 } = options;
    const { demo } = place;
    const { attention, forbidsReads } = kind;
    const current = { event: Promise.resolve<unknown>(undefined) };
    const connecting = Array.from({ length: count }, (_, index) => {
      const gateway = index % demo.gateways;
      const at = { index, gateway, address: demo.address(gateway), targetName: demoTargetName };
      const eventAnswered = () => current.event;
      return CheckedSession.connect({ ...at, random, attention, forbidsReads, eventAnswered });
    });
    const sessions = await Promise.all(connecting);
    const host = new EventHost(demo.addresses(), demoTargetName, options.eventMaxMs ?? HANG_MS);
    return new Run(options, kind, { host, sessions }, current);
  }

  async play(): Promise<void> {
    const { place, random, seconds, pauseMs = 20, fault, faultEveryMs = 10_000 } = this.#options;
    const { host, sessions } = this.#world;
    await this.#kind.prepare(this.#world);
    for (const session of sessions) session.start();
    const ending = new AbortController();
    const faults =
      fault &&
      faultLoop(fault, faultEveryMs, {
        ...{ place, random, host, sessions, signal: ending.signal },
        onFault: () => {
          this.#faults += 1;
        },
      });
    const endMs = performance.now() + seconds * 1000;
    let toldMs = performance.now();
    try {
      for (let number = 0; performance.now() < endMs || !this.#hasShown(endMs); number++) {
        const gateway = random.below(host.gateways);
        this.#current.event = this.#kind.round(this.#world, number, gateway);
        await this.#current.event;
        for (const session of sessions) if (session.isConnected) void session.probe();
        this.check();
        await delay(pauseMs);
        if (performance.now() - toldMs < PROGRESS_MS) continue;
        toldMs = performance.now();
        this.#options.onProgress?.(this.summary());
      }
    } finally {
      ending.abort();
      await faults;
    }
  }

  /** A slow machine needs longer for some events, and for a fault that costs sessions. */
  #hasShown(endMs: number): boolean {
    const { timesMs, lostSessions } = this.summary();
    const hasLost = this.#options.fault !== 'kill' || lostSessions > 0;
    return (timesMs.length >= EVENTS_MIN && hasLost) || performance.now() > endMs + HANG_MS;
  }

  async stop(): Promise<void> {
    const { host, sessions } = this.#world;
    for (const session of sessions) if (session.isConnected) void session.probe();
    await Promise.all(sessions.map((session) => session.stop()));
    await host.close();
  }

  /** Reads everything back through that gateway. */
  async verify(gateway: number): Promise<void> {
    const { demo } = this.#options.place;
    const initiatorName = 'iqn.2026-11.test:reader';
    const login = { ...demo.address(gateway), targetName: demoTargetName, initiatorName };
    const reader = await SteadySession.open(login);
    for (const session of this.#world.sessions) await session.verify(reader);
    await reader.logout();
  }

  /** Throws what was found wrong. */
  check(): void {
    const { host, sessions } = this.#world;
    const all = [
      ...host.faults,
      ...sessions.flatMap(({ faults, expectation }) => [...faults, ...expectation.faults]),
    ];
    throwAny(all);
  }

  /** Without faults no session is lost, unless a machine that is too slow has a gateway fenced. */
  checkSteady(): void {
    const { place, fault, eventMaxMs } = this.#options;
    const wasSlow = eventMaxMs === undefined && place.demo.starts.length > this.#starts;
    if (fault !== undefined || wasSlow) return;
    throwAny(this.#world.sessions.flatMap(({ faultsIfSteady }) => faultsIfSteady));
  }

  summary(): EventsSummary {
    const { host, sessions } = this.#world;
    const commands = { good: 0, conflict: 0, attention: 0, refused: 0, nothing: 0 };
    for (const { counts } of sessions) {
      for (const end of Object.keys(commands) as CommandEnd[]) commands[end] += counts[end];
    }
    const sum = (of: (session: CheckedSession) => number) =>
      sessions.reduce((total, session) => total + of(session), 0);
    return {
      ...{ timesMs: host.timesMs, lostMs: host.lostMs, events: { ...host.counts }, commands },
      acknowledged: sum(({ acknowledged }) => acknowledged),
      worstCommandMs: Math.max(...sessions.map(({ worstMs }) => worstMs)),
      lostSessions: sum(({ losses }) => losses),
      faults: this.#faults,
    };
  }
}

function throwAny(faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new Error(`${faults.length} faults: ${faults.slice(0, 10).join('; ')}`);
}
