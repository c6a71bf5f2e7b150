import { setTimeout as delay } from 'node:timers/promises';
import { release, reserve, reserveOut } from '../one-unit/commands.ts';
import { Code } from '../one-unit/told.ts';
import { Action } from '../support/reserve-out.ts';
import type { CheckedSession } from './checked-session.ts';
import type { EventHost, EventOutcome } from './event-host.ts';

export interface EventWorld {
  readonly host: EventHost;
  readonly sessions: readonly CheckedSession[];
}

/** A kind of event, and what comes of it at each nexus. */
export interface EventKind {
  /** ADDITIONAL SENSE CODE and QUALIFIER of its unit attention; empty: it notifies no nexus. */
  readonly attention: string;
  /** It keeps nexuses from reading too. */
  readonly forbidsReads: boolean;
  prepare(world: EventWorld): Promise<void>;
  /** One event, or a pair, through that gateway. */
  round(world: EventWorld, number: number, gateway: number): Promise<void>;
}

const HELD_MS = 20;
/** By then an event of a lost session is committed, or never is, and its gateway is fenced. */
const LOST_MS = 10_000;
const HOST_KEY = 0xa11;
const WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;

const keyOf = (session: CheckedSession) => 0x100 + session.units.writer;

const reset: EventKind = {
  attention: Code.busDeviceReset,
  forbidsReads: false,
  prepare: async () => {},
  round: async ({ host, sessions }, _, gateway) => {
    await telling(sessions, () => host.reset(gateway));
  },
};

/** Each session is registered; one after the other loses its registration, and registers again. */
const preempt: EventKind = {
  attention: Code.registrationsPreempted,
  forbidsReads: false,
  prepare: async ({ host, sessions }) => {
    for (let gateway = 0; gateway < host.gateways; gateway++) {
      await host.mustDo(gateway, reserveOut(Action.registerAndIgnore, { actionKey: HOST_KEY }));
    }
    for (const session of sessions) await register(session);
    const type = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
    await host.mustDo(0, reserveOut(Action.reserve, { key: HOST_KEY, type }));
  },
  round: async ({ host, sessions }, number, gateway) => {
    const victim = sessions[number % sessions.length]!;
    const request = reserveOut(Action.preemptAndAbort, {
      ...{ key: HOST_KEY, actionKey: keyOf(victim), type: WRITE_EXCLUSIVE_REGISTRANTS_ONLY },
    });
    victim.expectation.access = 'unknown';
    const outcome = await telling([victim], () => host.command(gateway, request));
    if (outcome === 'done') victim.expectation.access = 'forbidden';
    if (outcome === 'lost') await delay(LOST_MS);
    await delay(HELD_MS);
    await register(victim);
  },
};

/** While the host holds the unit, no session has access. */
const reserveRelease: EventKind = {
  attention: '',
  forbidsReads: true,
  prepare: async () => {},
  round: async ({ host, sessions }, _, gateway) => {
    allow(sessions, 'unknown');
    let outcome = await host.command(gateway, reserve());
    if (outcome === 'done') {
      allow(sessions, 'forbidden');
      await delay(HELD_MS);
      allow(sessions, 'unknown');
      do outcome = await host.command(gateway, release());
      while (outcome === 'busy');
      // With its session the host has lost the reservation.
      if (outcome === 'unsent') await delay(LOST_MS);
    }
    if (outcome === 'lost') await delay(LOST_MS);
    allow(sessions, 'allowed');
  },
};

export const eventKinds: Readonly<Record<string, EventKind>> = {
  reset,
  preempt,
  reserve: reserveRelease,
};

/** An event that tells these sessions. */
async function telling(
  sessions: readonly CheckedSession[],
  event: () => Promise<EventOutcome>,
): Promise<EventOutcome> {
  for (const { expectation } of sessions) expectation.eventBegins();
  const outcome = await event();
  for (const { expectation } of sessions) {
    if (outcome === 'done') expectation.eventIsEffective();
    if (outcome === 'busy' || outcome === 'unsent') expectation.eventIsNone();
  }
  return outcome;
}

async function register(session: CheckedSession): Promise<void> {
  const { expectation } = session;
  if (expectation.access === 'forbidden') expectation.access = 'unknown';
  const request = reserveOut(Action.registerAndIgnore, { actionKey: keyOf(session) });
  while (!(await session.mustDo(request)));
  expectation.access = 'allowed';
}

function allow(sessions: readonly CheckedSession[], access: 'allowed' | 'unknown' | 'forbidden') {
  for (const { expectation } of sessions) expectation.access = access;
}
