import { type Clock, within } from '../base/clock.ts';
import type { Execution } from './execution.ts';
import { DRAIN_MAX_MS } from './limits.ts';
import type { LogicalUnit } from './logical-unit.ts';

/**
 * An abort under way: its command is with the medium. A command has one, however often it is
 * aborted.
 */
export class Abort {
  /** Whether the medium may still be changed by the command. */
  readonly changesMedium: boolean;
  /** Whether its command has nothing to do with the medium, and only waits for others. */
  readonly waitsOnly: boolean;
  readonly logicalUnit: LogicalUnit | undefined;
  /** Resolves when its command has left the task set. */
  readonly over: Promise<void>;
  readonly #execution: Execution;
  #resolve: () => void = () => {};
  #isOver = false;

  constructor(execution: Execution) {
    this.#execution = execution;
    this.logicalUnit = execution.logicalUnit;
    const { access } = execution.command;
    this.changesMedium = access === 'writeMedium';
    this.waitsOnly = access === 'none';
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The command has left its task set. */
  end(): void {
    this.#isOver = true;
    this.#resolve();
  }

  /** Takes the command out of its task set, whatever the medium still does for it. */
  detach(): void {
    if (!this.#isOver) this.#execution.nexus.detach(this.#execution);
  }
}

/**
 * Resolves when nothing of the aborted commands can change the medium any more: true. What does not
 * end within `waitMs` is fenced. False: that could not be reached. What
 * only reads is not waited for longer; the medium keeps its buffers.
 */
export async function settleAborts(
  clock: Clock,
  aborts: readonly Abort[],
  waitMs: number,
): Promise<boolean> {
  if (aborts.length === 0) return true;
  await within(clock, waitMs, allOver(aborts));
  const stuck = aborts.filter((abort) => abort.changesMedium && !abort.isOver);
  if (stuck.length > 0) {
    const units = new Set(stuck.flatMap(({ logicalUnit }) => logicalUnit ?? []));
    const fences = await Promise.all([...units].map((unit) => unit.fence()));
    if (fences.includes(false)) return false;
    // The volume has told its callers already, or is about to: a true status goes out first.
    await within(clock, DRAIN_MAX_MS, allOver(stuck));
  }
  for (const abort of aborts) abort.detach();
  return true;
}

/** Resolves when nothing of the aborted commands can change the medium, however long that takes. */
export async function outlastAborts(clock: Clock, aborts: readonly Abort[]): Promise<void> {
  const isProved = await settleAborts(clock, aborts, DRAIN_MAX_MS);
  // If fencing failed, only their completion by the medium proves that the changes are over.
  if (!isProved) await allOver(aborts.filter(({ changesMedium }) => changesMedium));
}

/** Resolves when nothing acts for any of them. */
async function allOver(aborts: readonly Abort[]): Promise<void> {
  await Promise.all(aborts.map(({ over }) => over));
}
