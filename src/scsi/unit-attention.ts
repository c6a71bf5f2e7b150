import { assert } from '../base/assert.ts';
import type { CommandResult } from './command-result.ts';
import { conditions, SenseKey } from './sense-table.ts';

/**
 * Bound on the conditions that are pending at once; this device server has no more distinct ones.
 */
export const UNIT_ATTENTIONS_MAX = 16;

const codes = Object.values(conditions).filter(
  ({ sense }) => sense?.key === SenseKey.unitAttention,
);
assert(codes.length <= UNIT_ATTENTIONS_MAX, 'every unit attention condition can be pending');

/** ADDITIONAL SENSE CODE of power on and resets, which take precedence (SAM). */
const RESET_CODE = 0x29;

/** The unit attention conditions that are pending for one nexus at one logical unit. */
export class UnitAttentions {
  readonly #pending: CommandResult[] = [];

  get length(): number {
    return this.#pending.length;
  }

  /** The condition that is reported next. */
  get first(): CommandResult | undefined {
    return this.#pending[0];
  }

  /** Adds a condition, unless one of the same code is pending already. */
  establish(condition: CommandResult): void {
    const code = codeOf(condition);
    assert(condition.sense?.key === SenseKey.unitAttention, 'only unit attentions are established');
    if (this.#pending.some((other) => codeOf(other) === code)) return;
    if (this.#pending.length >= UNIT_ATTENTIONS_MAX) this.#pending.pop();
    if (code >> 8 === RESET_CODE) this.#pending.unshift(condition);
    else this.#pending.push(condition);
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
}

function codeOf(condition: CommandResult): number {
  return condition.sense?.code ?? 0;
}
