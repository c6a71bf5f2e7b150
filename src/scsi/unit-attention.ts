import { assert } from '../base/assert.ts';
import type { CommandResult } from './command-result.ts';
import { conditions, SenseKey } from './sense-table.ts';

/** Bound on the conditions that are pending at once; there are no more distinct ones here. */
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

  /** The one that is reported next. */
  get first(): CommandResult | undefined {
    return this.#pending[0];
  }

  /** Adds a condition; one of the same code that is pending already stands for both. */
  establish(condition: CommandResult): void {
    const code = codeOf(condition);
    assert(condition.sense?.key === SenseKey.unitAttention, 'only unit attentions are established');
    if (this.#pending.some((other) => codeOf(other) === code)) return;
    if (this.#pending.length >= UNIT_ATTENTIONS_MAX) this.#pending.pop();
    if (code >> 8 === RESET_CODE) this.#pending.unshift(condition);
    else this.#pending.push(condition);
    assert(this.#pending.length <= UNIT_ATTENTIONS_MAX, 'pending conditions are bounded');
  }

  /** Takes the next one off, to be reported. */
  take(): CommandResult | undefined {
    return this.#pending.shift();
  }

  /** Takes a condition off that something else than its report has cleared. */
  clear(condition: CommandResult): void {
    const code = codeOf(condition);
    const at = this.#pending.findIndex((other) => codeOf(other) === code);
    if (at >= 0) this.#pending.splice(at, 1);
  }
}

function codeOf(condition: CommandResult): number {
  return condition.sense?.code ?? 0;
}
