import type { Clock } from '../base/clock.ts';
import type { EventCompletion } from './event-completion.ts';
import { UnitEvents } from './unit-events.ts';
import { isSettled, settledRecord } from './unit-record.ts';
import type { UnitRecords } from './unit-records.ts';

/**
 * Writes the last event as settled, if every gateway enforces it and no other came; resolves
 * whether it is settled. The next event may come while this one is completed. Rejects.
 */
export async function settleEvent(unitRecords: UnitRecords, events: UnitEvents): Promise<boolean> {
  const { stored } = events;
  const { record } = stored;
  if (isSettled(record)) return true;
  if (!events.isCompleted) return false;
  const settled = settledRecord(record);
  const result = await unitRecords.replace(record.state.identity.uuid, stored, settled);
  if (result.status === 'done') events.take({ version: result.version, record: settled });
  if (result.status === 'conflict' && result.stored !== undefined) events.take(result.stored);
  return result.status === 'done';
}

interface LeftUnit {
  readonly uuid: string;
  readonly unitRecords: UnitRecords;
  readonly completion: EventCompletion;
  readonly clock: Clock;
}

/** The same for a logical unit that this gateway no longer has, whose record may be deleted. */
export async function settleLeft(unit: LeftUnit): Promise<boolean> {
  const { uuid, unitRecords, completion, clock } = unit;
  const loaded = await unitRecords.read(uuid);
  if (loaded === undefined || isSettled(loaded.record)) return true;
  const events = new UnitEvents({ loaded, clock });
  return (await completion.complete(events)) && (await settleEvent(unitRecords, events));
}
