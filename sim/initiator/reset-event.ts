import { sleep } from '../../src/base/clock.ts';
import { MODES_SAVED } from '../checkers/mode-history.ts';
import type { TaskFunction } from './nexus-commands.ts';
import type { UnitEvent } from './unit-event-parts.ts';

const BUS_DEVICE_RESET_FUNCTION_OCCURRED = 0x2903;
const COMMANDS_CLEARED_BY_ANOTHER_INITIATOR = 0x2f00;
/**
 * A function that is refused, or lost with its session while it is committed, may still take
 * effect, because nothing was promised.
 */
const NOT_PROMISED_MAX_MS = 10_000;

/** Functions that abort commands of one nexus. */
export function taskFunction(name: TaskFunction): UnitEvent {
  return async (_, path) => {
    await path.commands?.manage(name);
  };
}

/** A reset of the logical unit: commands, RESERVE, modes and an attention, for every nexus. */
export function reset(name: TaskFunction): UnitEvent {
  return async (parts, path) => {
    const { modes, reservations } = parts.history;
    if (path.commands === undefined) return;
    const changed = modes.begin('write', MODES_SAVED, parts.host);
    const released = reservations.begin({ action: 'reset' });
    const isAnswered = await managing(parts, path, name, {
      codes: [BUS_DEVICE_RESET_FUNCTION_OCCURRED],
      isTold: true,
      belongsTo: () => true,
    });
    modes.end(changed, isAnswered ? 'done' : 'unknown');
    reservations.end(released, isAnswered ? 'good' : 'unknown');
  };
}

/**
 * With a task set for each nexus it clears that of its own; else that of all, and tells those of
 * the others that had commands.
 */
export const clearTaskSet: UnitEvent = async (parts, path) => {
  await managing(parts, path, 'clearTaskSet', {
    codes: [COMMANDS_CLEARED_BY_ANOTHER_INITIATOR],
    isTold: false,
    belongsTo: (nexus) => nexus !== path.nexus,
  });
};

/** Resolves whether the function was answered as complete, when that is known. */
async function managing(
  { clock, history }: Parameters<UnitEvent>[0],
  path: Parameters<UnitEvent>[1],
  name: TaskFunction,
  told: {
    readonly codes: readonly number[];
    /** It surely tells them. */
    readonly isTold: boolean;
    readonly belongsTo: (nexus: string) => boolean;
  },
): Promise<boolean> {
  const { commands, logins, nexus, address } = path;
  if (commands === undefined) return false;
  const { codes, isTold, belongsTo } = told;
  const event = history.attentions.begin({
    ...{ name: `${name} of ${nexus}`, codes, beginMs: clock.now(), belongsTo },
    ...{ endMs: Number.POSITIVE_INFINITY, isCertain: false },
  });
  const end = history.aborts.begin();
  const mapped = history.document.isMapped.beginReading();
  const isComplete = await commands.manage(name);
  history.document.isMapped.endReading(mapped, nexus, undefined);
  // Through a gateway that has no such unit nothing is reset.
  const isAbsent = mapped.possible.has(false) || history.document.unserved.has(address);
  const isAnswered = isComplete === true && !isAbsent;
  event.isCertain = isAnswered && isTold;
  if (isComplete === undefined) await path.mayFailOver(logins);
  else if (!isComplete) await sleep(clock, NOT_PROMISED_MAX_MS);
  event.endMs = clock.now() + (isComplete === undefined ? NOT_PROMISED_MAX_MS : 0);
  end(isAnswered);
  return isAnswered;
}
