import { sleep } from '../../src/base/clock.ts';
import { D_SENSE_SAVED } from '../checkers/unit-history.ts';
import type { TaskFunction } from './nexus-commands.ts';
import type { UnitEvent } from './unit-event-parts.ts';

const BUS_DEVICE_RESET_FUNCTION_OCCURRED = 0x2903;
/** A refused function may still take effect, because its answer promises nothing. */
const REFUSED_MAX_MS = 10_000;

/** Functions that abort commands of one nexus. */
export function taskFunction(name: TaskFunction): UnitEvent {
  return async (_, path) => {
    await path.commands?.manage(name);
  };
}

/** LOGICAL UNIT RESET: affects commands and modes, and notifies every nexus. */
export const resetUnit: UnitEvent = async ({ clock, history, host }, path) => {
  const { commands, logins } = path;
  const { attentions, modes } = history;
  if (commands === undefined) return;
  const change = modes.begin('write', D_SENSE_SAVED, host);
  const event = attentions.begin({
    ...{ name: `LOGICAL UNIT RESET of ${path.nexus}`, codes: [BUS_DEVICE_RESET_FUNCTION_OCCURRED] },
    ...{ beginMs: clock.now(), endMs: Number.POSITIVE_INFINITY, isCertain: false },
    belongsTo: () => true,
  });
  const isComplete = await commands.manage('logicalUnitReset');
  event.isCertain = isComplete === true;
  if (isComplete === undefined) await path.mayFailOver(logins);
  else if (!isComplete) await sleep(clock, REFUSED_MAX_MS);
  event.endMs = clock.now();
  modes.end(change, isComplete === true ? 'done' : 'unknown');
};
