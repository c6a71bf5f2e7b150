import type { CommandResult } from './command-result.ts';
import type { CopyResults } from './copy/copy-results.ts';
import type { LogicalUnit } from './logical-unit.ts';
import { type Restrictions, UNRESTRICTED } from './reservations/restrictions.ts';
import { UnitAttentionInterlock } from './standard/mode.ts';
import type { Execution } from './tasks/execution.ts';
import { TaskSet } from './tasks/task-set.ts';
import { UnitAttentions } from './unit-attention.ts';

/** The state of one I_T nexus at one logical unit: its task set (TST 001b) and unit attentions. */
export class LogicalUnitNexus {
  /** Undefined: a LUN without a logical unit, at which INQUIRY and REPORT LUNS still answer. */
  readonly logicalUnit: LogicalUnit | undefined;
  readonly tasks = new TaskSet<Execution>();
  readonly attentions = new UnitAttentions();
  /** The copies that the nexus sent to it. */
  copies: CopyResults | undefined = undefined;
  /** What reservations keep the nexus from. */
  restrictions: Restrictions = UNRESTRICTED;

  constructor(logicalUnit: LogicalUnit | undefined) {
    this.logicalUnit = logicalUnit;
  }

  /** The condition that a command reports with CHECK CONDITION, if one is pending. */
  reportAttention(): CommandResult | undefined {
    const { attentions, logicalUnit } = this;
    const isCleared = logicalUnit?.modes.uaIntlckCtrl === UnitAttentionInterlock.none;
    return isCleared ? attentions.take() : attentions.first;
  }
}
