import { assert } from '../base/assert.ts';
import type { CommandResult } from './command-result.ts';
import { conditions, SenseKey } from './sense-table.ts';

const CODES: ReadonlySet<number> = new Set(
  Object.values(conditions).flatMap(({ sense }) =>
    sense?.key === SenseKey.unitAttention ? [sense.code] : [],
  ),
);

/** Bound on the conditions that are pending at once: each code is pending once at most. */
export const UNIT_ATTENTIONS_MAX = CODES.size;

/**
 * Conditions that are reported before all others, the highest first: the precedence levels of
 * SAM-4, as far as this device server gives their conditions.
 */
const PRECEDENCE: readonly number[] = [
  conditions.powerOnResetOrBusDeviceResetOccurred,
  conditions.busDeviceResetFunctionOccurred,
  conditions.iTNexusLossOccurred,
].map(codeOf);

/** The level of all other conditions, which are reported in the order of their coming. */
const LOWEST = PRECEDENCE.length;

/** The unit attention conditions that are pending for one nexus at one logical unit. */
export class UnitAttentions {
  /** By their level. */
  readonly #pending: CommandResult[] = [];

  get length(): number {
    return this.#pending.length;
  }

  /** The condition that is reported next. */
  get first(): CommandResult | undefined {
    return this.#pending[0];
  }

  /**
   * Adds a condition, unless one of the same code is pending already. A reset clears the conditions
   * of lower resets and of a nexus loss, because it includes what they did.
   */
  establish(condition: CommandResult): void {
    const code = codeOf(condition);
    assert(CODES.has(code), 'only unit attentions of the table are established');
    if (this.#pending.some((other) => codeOf(other) === code)) return;
    const level = levelOf(condition);
    if (level < LOWEST) this.#clearBetween(level, LOWEST);
    const at = this.#pending.findIndex((other) => levelOf(other) > level);
    this.#pending.splice(at < 0 ? this.#pending.length : at, 0, condition);
    assert(this.#pending.length <= UNIT_ATTENTIONS_MAX, 'pending conditions are bounded');
  }

  /** Removes the next condition, to be reported. */
  take(): CommandResult | undefined {
    return this.#pending.shift();
  }

  /** Removes a condition that was cleared by other means than its report. */
  clear(condition: CommandResult): void {
    const code = codeOf(condition);
    const at = this.#pending.findIndex((other) => codeOf(other) === code);
    if (at >= 0) this.#pending.splice(at, 1);
  }

  #clearBetween(above: number, below: number): void {
    const isBetween = (level: number) => above < level && level < below;
    const cleared = this.#pending.filter((other) => isBetween(levelOf(other)));
    for (const condition of cleared) this.clear(condition);
  }
}

function levelOf(condition: CommandResult): number {
  const level = PRECEDENCE.indexOf(codeOf(condition));
  return level < 0 ? LOWEST : level;
}

function codeOf({ sense }: CommandResult): number {
  assert(sense?.key === SenseKey.unitAttention, 'a unit attention has its sense key');
  return sense.code;
}
