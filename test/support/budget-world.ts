import { SlabPool } from '../../src/base/slab-pool.ts';
import type { Claim, DataAccount } from '../../src/iscsi/data-account.ts';
import { DataBudget } from '../../src/iscsi/data-budget.ts';
import { GATEWAY_DATA_BYTES_MAX } from '../../src/iscsi/limits.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The slabs of a `budgetWorld`. */
export const BUDGET_SLAB_BYTES = 4096;
/** The longest transfer of a command. */
export const LONGEST_BYTES = 16 * 2 ** 20;

/** A command as the budget sees it. */
export class BudgetCommand implements Claim {
  claimedBytes = 0;
  readonly account: DataAccount;
  readonly bytes: number;
  isGranted: boolean;

  constructor(account: DataAccount, bytes: number) {
    this.account = account;
    this.bytes = bytes;
    this.isGranted = account.claim(this, bytes);
  }

  granted(): void {
    this.isGranted = true;
  }

  end(): void {
    if (this.isGranted) {
      this.account.release(this.bytes);
      this.account.settle();
    } else {
      this.account.withdraw(this);
    }
  }
}

export type BudgetWorld = ReturnType<typeof budgetWorld>;

/** A data budget on virtual time. */
export function budgetWorld() {
  const clock = new VirtualClock();
  const budget = new DataBudget(new SlabPool(BUDGET_SLAB_BYTES, 4), clock);
  const open = (unsolicitedBytes: number, peer: string, initiator = 'initiator') =>
    budget.open(unsolicitedBytes, peer, initiator);
  return {
    budget,
    open,
    endTurn: () => clock.advance(0),
    advance: (ms: number) => clock.advance(ms),
  };
}

/** Takes all memory, and lets a command wait for each of these initiators, in this order. */
export async function crowd(
  { open, endTurn }: BudgetWorld,
  names: readonly (readonly [peer: string, initiator: string])[],
) {
  const hog = open(0, 'hog');
  hog.hold(GATEWAY_DATA_BYTES_MAX);
  const commands: BudgetCommand[] = [];
  for (const [peer, initiator] of names) {
    commands.push(new BudgetCommand(open(0, peer, initiator), LONGEST_BYTES));
    await endTurn();
  }
  return {
    hog,
    commands,
    granted: () => commands.map(({ isGranted }) => Number(isGranted)).join(''),
  };
}
