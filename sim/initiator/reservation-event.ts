import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';
import { commandOf, randomRequest, registering } from './reserve-out-request.ts';
import { changedNothing, Status, senseOf } from './scsi-status.ts';
import type { SimPath } from './sim-path.ts';
import type { UnitEvent, UnitEventParts } from './unit-event-parts.ts';

const CODES = [0x2a03, 0x2a04, 0x2a05];

/** One PERSISTENT RESERVE OUT. */
export const changeReservations: UnitEvent = async (parts, path) => {
  await reserveOut(parts, path, randomRequest(parts, path.nexus));
};

/** Removes every registration, so that all may write again; true when done. */
export async function clearReservations(parts: UnitEventParts, path: SimPath): Promise<boolean> {
  const { nexus } = path;
  const key = parts.keys.get(parts.host)!;
  if (!(await reserveOut(parts, path, registering(nexus, key)))) return false;
  return await reserveOut(parts, path, { action: 'clear', nexus, key });
}

/** Resolves whether it ended GOOD. */
async function reserveOut(
  { clock, history, ports }: UnitEventParts,
  path: SimPath,
  request: ReserveOutRequest,
): Promise<boolean> {
  const { attentions, reservations, blocks } = history;
  const { commands, logins } = path;
  if (commands === undefined) return false;
  let told: ReadonlySet<string> | 'anybody' = 'anybody';
  const events = CODES.map((code) =>
    attentions.begin({
      ...{ name: `${request.action} of ${path.nexus}`, codes: [code] },
      ...{ beginMs: clock.now(), endMs: Number.POSITIVE_INFINITY, isCertain: false },
      belongsTo: (nexus) => told === 'anybody' || told.has(`${nexus} ${code.toString(16)}`),
    }),
  );
  blocks.release();
  const command = reservations.begin(request);
  const result = await commands.execute(request.action, commandOf(request, ports));
  if (typeof result === 'string') {
    await path.mayFailOver(logins);
    for (const event of events) event.endMs = clock.now();
    reservations.end(command, 'unknown');
    return false;
  }
  const code = senseOf(result)?.code;
  const isDone = result.status === Status.good;
  const isDecided = isDone || result.status === Status.reservationConflict || isRefused(code);
  const decision = isDone ? 'good' : code === undefined ? 'conflict' : code;
  const undecided = changedNothing(result) ? 'none' : 'unknown';
  const verdict = reservations.end(command, isDecided ? decision : undecided);
  if (isDecided || undecided === 'none') told = isDone ? verdict.told : new Set();
  for (const event of events) {
    event.endMs = clock.now();
    event.isCertain = isDone && verdict.isCertain;
  }
  blocks.hold((nexus) => reservations.forbidsWrites(nexus));
  return isDone;
}

/** ILLEGAL REQUEST, because the current reservations do not permit the request. */
function isRefused(code: number | undefined): boolean {
  return code === 0x2400 || code === 0x2600 || code === 0x2604;
}
