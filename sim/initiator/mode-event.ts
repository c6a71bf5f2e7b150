import { changedNothing, Status } from './scsi-status.ts';
import type { UnitEvent } from './unit-event-parts.ts';

const MODE_PARAMETERS_CHANGED = 0x2a01;
const CONTROL_PAGE = 0x0a;
/** Mode parameter header (6) without block descriptors, and the control page. */
const LIST_BYTES = 4 + 12;
/** Of the control page: TST, and D_SENSE. */
const FLAGS_BYTE = 4 + 2;
const D_SENSE_BIT = 1 << 2;
const TST_BIT = 1 << 5;
const PF = 0x10;
const DBD = 0x08;

/** Reads D_SENSE and TST, and makes one of them the other value. */
export const changeModes: UnitEvent = async ({ clock, random, history, host }, path) => {
  const { modes, attentions } = history;
  const { mark } = modes;
  const sense = await readModes(history, path, host);
  const { commands, logins } = path;
  if (sense === undefined || commands === undefined) return;
  const list = Buffer.from(sense);
  list[0] = 0;
  list[FLAGS_BYTE]! ^= random.pick([D_SENSE_BIT, TST_BIT]);
  const value = modesIn(list);
  const isAlone = mark !== undefined && modes.mark === mark;
  const change = modes.begin('write', value, host);
  const begun = modes.changes;
  const event = attentions.begin({
    ...{ name: `MODE SELECT of ${path.nexus}`, codes: [MODE_PARAMETERS_CHANGED] },
    ...{ beginMs: clock.now(), endMs: Number.POSITIVE_INFINITY, isCertain: false },
    belongsTo: (nexus: string) => nexus !== path.nexus,
  });
  const cdb = Uint8Array.of(0x15, PF, 0, 0, list.length, 0);
  const result = await commands.execute('MODE SELECT', { cdb, dataOut: list });
  const isLost = typeof result === 'string';
  if (isLost) await path.mayFailOver(logins);
  event.endMs = clock.now();
  if (isLost) {
    modes.end(change, 'unknown');
  } else if (result.status === Status.good) {
    // If others changed it as well, it may already have had that value: then nothing was changed.
    event.isCertain = isAlone && modes.changes === begun;
    modes.end(change, 'done');
  } else if (changedNothing(result)) {
    attentions.withdraw(event);
    modes.end(change, 'none');
  } else {
    modes.end(change, 'unknown');
  }
};

/** The mode parameter list that was returned; undefined if there was none. */
async function readModes(
  { modes }: Parameters<UnitEvent>[0]['history'],
  path: Parameters<UnitEvent>[1],
  host: string,
): Promise<Buffer | undefined> {
  const read = modes.begin('read', 0, host);
  const cdb = Uint8Array.of(0x1a, DBD, CONTROL_PAGE, 0, LIST_BYTES, 0);
  const result = await path.commands?.execute('MODE SENSE', { cdb, dataInLength: LIST_BYTES });
  if (typeof result !== 'object' || result.status !== Status.good) {
    modes.end(read, 'none');
    return undefined;
  }
  modes.end(read, 'done', modesIn(result.dataIn));
  return result.dataIn;
}

/** As the history has them: 0 while they are as saved. */
function modesIn(list: Buffer): number {
  return (list[FLAGS_BYTE]! & (D_SENSE_BIT | TST_BIT)) ^ TST_BIT;
}
