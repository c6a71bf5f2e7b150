import { sleep } from '../../src/base/clock.ts';
import { MEMORY_LEASE_MS } from '../../src/membership/limits.ts';
import type { NexusSession } from '../../src/scsi/reservations/reservations.ts';
import { clearReservations } from './reservation-event.ts';
import { changedNothing, Status } from './scsi-status.ts';
import type { SimPath } from './sim-path.ts';
import type { UnitEvent, UnitEventParts } from './unit-event-parts.ts';

const HELD_MAX_MS = 800;
const AGAIN_MS = 50;
/** A gateway may answer for so long without knowing that the gateway of a session is fenced. */
const SEEN_MAX_MS = MEMORY_LEASE_MS;

/** By action, the commands of six and of ten bytes. */
const cdbs = {
  reserveUnit: [Uint8Array.of(0x16, 0, 0, 0, 0, 0), Uint8Array.of(0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
  releaseUnit: [Uint8Array.of(0x17, 0, 0, 0, 0, 0), Uint8Array.of(0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
} as const;

/** `maybe`: it is over, and may have been done. `lost`: so is the session. */
type Outcome = 'good' | 'conflict' | 'none' | 'maybe' | 'lost';

/** RESERVE for a while, then RELEASE, as hosts of SPC-2 do, after all registrations are cleared. */
export const reserveUnit: UnitEvent = async (parts, path) => {
  const { clock, random, history } = parts;
  const { reservations } = history;
  if (!(await clearReservations(parts, path)) || path.commands === undefined) return;
  const { session } = path;
  const mappings = history.attentions.mappings;
  // Its gateway may end the session at any moment, before the host finds that.
  const ending = reservations.begin({ action: 'endSession', session });
  let outcome = await perform(parts, path, session, 'reserveUnit');
  if (outcome === 'good') await sleep(clock, random.below(HELD_MAX_MS));
  if (outcome === 'good' || outcome === 'maybe') {
    outcome = await releaseUnit(parts, path, session);
  }
  // Whoever answers RELEASE has not ended the session before that; but a LUN that leaves the map
  // takes what is held with it.
  if (outcome === 'lost') reservations.sessionOver(ending, session);
  else reservations.end(ending, history.attentions.mappings === mappings ? 'none' : 'unknown');
};

/** Repeats it until it is decided or the session is lost. */
async function releaseUnit(
  parts: UnitEventParts,
  path: SimPath,
  session: NexusSession,
): Promise<Outcome> {
  for (;;) {
    const outcome = await perform(parts, path, session, 'releaseUnit');
    if (outcome !== 'none' && outcome !== 'maybe') return outcome;
    await sleep(parts.clock, AGAIN_MS);
  }
}

async function perform(
  { clock, random, history: { reservations } }: UnitEventParts,
  path: SimPath,
  session: NexusSession,
  action: keyof typeof cdbs,
): Promise<Outcome> {
  const { commands, logins } = path;
  if (logins !== session.number) return await lost(clock, path, session);
  if (commands === undefined) return 'none';
  const command = reservations.begin({ action, session });
  const result = await commands.execute(action, { cdb: random.pick(cdbs[action]) });
  if (typeof result === 'string') {
    const outcome = result === 'lost' ? await lost(clock, path, session) : 'maybe';
    reservations.end(command, 'unknown');
    return outcome;
  }
  const { status } = result;
  if (status === Status.good || status === Status.reservationConflict) {
    const ended = status === Status.good ? 'good' : 'conflict';
    reservations.end(command, ended);
    return ended;
  }
  const isUndone = changedNothing(result);
  reservations.end(command, isUndone ? 'none' : 'unknown');
  return isUndone ? 'none' : 'maybe';
}

/** The next session of the nexus begins when what the one before held is released. */
async function lost(
  clock: UnitEventParts['clock'],
  path: SimPath,
  session: NexusSession,
): Promise<'lost'> {
  await path.isBack(session.number);
  await sleep(clock, SEEN_MAX_MS);
  return 'lost';
}
