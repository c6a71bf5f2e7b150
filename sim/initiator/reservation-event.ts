import { ByteWriter } from '../../src/base/bytes/byte-writer.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import { Status, senseOf } from './scsi-status.ts';
import type { SimPath } from './sim-path.ts';
import type { UnitEvent, UnitEventParts } from './unit-event-parts.ts';

const NO_KEY = '0'.repeat(16);
const TYPES = [1, 3, 5, 6, 7, 8];
const CODES = [0x2a03, 0x2a04, 0x2a05];
const LIST_BYTES = 24;
/** SERVICE ACTION (SPC-4). */
const serviceActions = {
  register: 0x00,
  reserve: 0x01,
  release: 0x02,
  clear: 0x03,
  preempt: 0x04,
  preemptAndAbort: 0x05,
  registerAndIgnoreExistingKey: 0x06,
} as const;
type Request = Exclude<ReserveOutRequest, { readonly action: 'registerAndMove' }>;

/** One PERSISTENT RESERVE OUT, as hosts of a cluster send it: each host has its own key. */
export const changeReservations: UnitEvent = async (parts, path) => {
  await reserveOut(parts, path, requestOf(parts, path.nexus));
};

/** Removes every registration, so that all may write again; true when done. */
export async function clearReservations(parts: UnitEventParts, path: SimPath): Promise<boolean> {
  const { nexus } = path;
  const key = parts.keys.get(parts.host)!;
  if ((await reserveOut(parts, path, registering(nexus, key))) !== 'good') return false;
  return (await reserveOut(parts, path, { action: 'clear', nexus, key })) === 'good';
}

function requestOf({ random, keys, host }: UnitEventParts, nexus: string): Request {
  const key = keys.get(host)!;
  const type = random.pick(TYPES);
  const victimKey = random.pick([...keys.values()]);
  const asking = { nexus, key, scope: 0 };
  return pick<Request>(random, [
    [4, registering(nexus, key)],
    [1, registering(nexus, NO_KEY)],
    [3, { action: 'reserve', ...asking, type }],
    [2, { action: 'release', ...asking, type }],
    [1, { action: 'clear', nexus, key }],
    [1, { action: 'preempt', ...asking, type, victimKey }],
    [1, { action: 'preemptAndAbort', ...asking, type, victimKey }],
  ]);
}

function registering(nexus: string, newKey: string): Request {
  return {
    ...{ action: 'registerAndIgnoreExistingKey', nexus, key: NO_KEY, newKey, aptpl: false },
    ...{ others: [], namesInitiatorPorts: false },
  };
}

function pick<T>(random: SeededRandom, choices: readonly (readonly [number, T])[]): T {
  return random.pick(choices.flatMap(([weight, choice]) => Array<T>(weight).fill(choice)));
}

async function reserveOut(
  { clock, history }: UnitEventParts,
  path: SimPath,
  request: Request,
): Promise<'good' | 'other'> {
  const { attentions, reservations, blocks } = history;
  const { commands, logins } = path;
  if (commands === undefined) return 'other';
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
  const dataOut = parametersOf(request);
  const result = await commands.execute(request.action, { cdb: cdbOf(request), dataOut });
  if (typeof result === 'string') {
    await path.mayFailOver(logins);
    for (const event of events) event.endMs = clock.now();
    reservations.end(command, 'unknown');
    return 'other';
  }
  const code = senseOf(result)?.code;
  const isDone = result.status === Status.good;
  const isDecided = isDone || result.status === Status.reservationConflict || isRefused(code);
  const ended = isDone ? 'good' : code === undefined ? 'conflict' : code;
  const verdict = reservations.end(command, isDecided ? ended : 'none');
  told = isDone ? verdict.told : new Set();
  for (const event of events) {
    event.endMs = clock.now();
    event.isCertain = isDone && verdict.isCertain;
  }
  blocks.hold((nexus) => reservations.forbidsWrites(nexus));
  return isDone ? 'good' : 'other';
}

/** ILLEGAL REQUEST, because the current reservations do not permit the request. */
function isRefused(code: number | undefined): boolean {
  return code === 0x2400 || code === 0x2600 || code === 0x2604;
}

function cdbOf(request: Request): Uint8Array {
  const scopeAndType = 'type' in request ? (request.scope << 4) | request.type : 0;
  return new ByteWriter()
    .u8(0x5f)
    .u8(serviceActions[request.action])
    .u8(scopeAndType)
    .zeros(2)
    .u32(LIST_BYTES)
    .u8(0)
    .finish();
}

function parametersOf(request: Request): Buffer {
  const list = Buffer.alloc(LIST_BYTES);
  list.write(request.key, 0, 'hex');
  if ('newKey' in request) list.write(request.newKey, 8, 'hex');
  if ('victimKey' in request) list.write(request.victimKey, 8, 'hex');
  return list;
}
