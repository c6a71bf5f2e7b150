import { Failure } from '../../base/failure.ts';
import { isOver } from '../../membership/membership.ts';
import { UnitRecords } from '../../units/unit-records.ts';
import type { ControlContext } from '../control-context.ts';
import { requireDisk } from '../disks/document-disks.ts';
import { readDocument } from '../document/document-record.ts';
import { type HoldersAnswer, requestGateways } from '../gateway-requests.ts';

const ANSWER_TIMEOUT_MS = 2_000;

type ForgetContext = Pick<ControlContext, 'records' | 'membership' | 'clock'>;

/**
 * Deletes the record of a disk's logical unit, if it cannot be read: the gateways then make a new
 * one, without the reservations. Rejects with `diskNotFound`, `unitRecordReadable`, `unitInUse`,
 * or with why the record can be read by a later release only.
 *
 * No gateway can come to hold the unit meanwhile, because none can load what cannot be read. Those
 * that hold it since before are asked. Where the unit has a mark, gateways may tell the number of
 * an event of the old record as the last that they enforce: then none of them may run.
 */
export async function forgetState(context: ForgetContext, name: string): Promise<void> {
  const { records, clock } = context;
  const { uuid } = requireDisk((await readDocument(records))?.document, name);
  const unitRecords = new UnitRecords({ records, mayUse: () => true, clock });
  const version = await unreadableVersion(unitRecords, uuid, name);
  await refuseHeld(context, uuid, name);
  if (await unitRecords.deleteUnreadable(uuid, version)) return;
  throw new Failure('unitInUse', `the record of disk ${name} was changed meanwhile: try again`, {
    name,
  });
}

async function unreadableVersion(
  unitRecords: UnitRecords,
  uuid: string,
  name: string,
): Promise<number> {
  try {
    await unitRecords.read(uuid);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'unitRecordUnreadable') throw error;
    return Number(error.data['version']);
  }
  const message = `the record of disk ${name} can be read, or there is none: it is kept`;
  throw new Failure('unitRecordReadable', message, { name });
}

async function refuseHeld(
  { records, membership }: ForgetContext,
  uuid: string,
  name: string,
): Promise<void> {
  const request = { kind: 'holders', uuid } as const;
  const said = await requestGateways<HoldersAnswer>(records, request, ANSWER_TIMEOUT_MS);
  // Read after the answers: whoever joined before is among them, or in this view without one.
  const view = await membership.read();
  const isMarked = view.marks.some(({ unit }) => unit === uuid);
  const users = view.members.filter((member) => {
    if (isOver(view, member)) return false;
    const heard = said.find(({ from }) => from.incarnation === member.incarnation);
    const tells = isMarked || member.heartbeat.acknowledged.has(uuid);
    return tells || heard === undefined || heard.answer.holds;
  });
  if (users.length === 0) return;
  const names = [...new Set(users.map((member) => member.name))].sort();
  throw new Failure(
    'unitInUse',
    `disk ${name}: ${names.join(', ')} may be serving it: stop the gateway, or if it does not ` +
      'run, wait until it is fenced',
    { name, gateways: names },
  );
}
