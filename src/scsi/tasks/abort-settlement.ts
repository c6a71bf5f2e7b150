import { assert } from '../../base/assert.ts';
import { type Clock, within } from '../../base/clock.ts';
import { DRAIN_MAX_MS, FENCED_REPORT_MAX_MS } from '../limits.ts';

/** A command that was aborted, or forbidden, while its handler ran, as its abort sees it. */
export interface AbortedCommand {
  /** It may change the medium. */
  readonly changesMedium: boolean;
  /** It may change the state that the gateways share, which no fence undoes. */
  readonly changesState: boolean;
  /** It has nothing to do with the medium, and only waits for others. */
  readonly waitsOnly: boolean;
  /** The logical unit that fences its medium. */
  readonly logicalUnit: Fenceable | undefined;
  /** Leaves its task set, though its handler has not settled, if it is aborted. */
  detach(): void;
}

interface Fenceable {
  /** False: what was submitted to the medium may still change it. */
  fence(): Promise<boolean>;
}

/**
 * An abort under way, or the drain of a command that a reservation forbids since it was submitted.
 * A command has one, however often it is aborted.
 */
export class Abort {
  readonly changesMedium: boolean;
  readonly changesState: boolean;
  readonly waitsOnly: boolean;
  readonly logicalUnit: Fenceable | undefined;
  /** Resolves when its command has left the task set. */
  readonly over: Promise<void>;
  readonly #command: AbortedCommand;
  #resolve: () => void = () => {};
  #isOver = false;

  constructor(command: AbortedCommand) {
    this.#command = command;
    this.logicalUnit = command.logicalUnit;
    this.changesMedium = command.changesMedium;
    this.changesState = command.changesState;
    this.waitsOnly = command.waitsOnly;
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The command has left its task set. */
  end(): void {
    assert(!this.#isOver, 'an abort ends once');
    this.#isOver = true;
    this.#resolve();
  }

  /** Takes the command out of its task set, even while the medium still works on it. */
  detach(): void {
    if (!this.#isOver) this.#command.detach();
  }
}

/**
 * Resolves true when nothing of the aborted commands can change the medium. Changes that do not end
 * within `waitMs` are fenced. False: that could not be ensured. Reads are not awaited after
 * `waitMs`; the medium keeps their buffers. For changes of shared state see `changesOver`.
 */
export async function settleAborts(
  clock: Clock,
  aborts: readonly Abort[],
  waitMs: number,
): Promise<boolean> {
  const ofMedium = aborts.filter(({ changesState }) => !changesState);
  if (ofMedium.length === 0) return true;
  await within(clock, waitMs, allOver(ofMedium));
  const stuck = ofMedium.filter((abort) => abort.changesMedium && !abort.isOver);
  if (stuck.length > 0) {
    const units = new Set(stuck.flatMap(({ logicalUnit }) => logicalUnit ?? []));
    const fences = await Promise.all([...units].map((unit) => unit.fence()));
    if (fences.includes(false)) return false;
    // The volume has reported the results, or is about to: their true status goes out first.
    await within(clock, FENCED_REPORT_MAX_MS, allOver(stuck));
  }
  for (const abort of ofMedium) abort.detach();
  return true;
}

/**
 * Resolves when the aborted commands can change no shared state: the outcome of what they had begun
 * to commit is known, because no fence takes a committed change back.
 */
export async function changesOver(aborts: readonly Abort[]): Promise<void> {
  await allOver(aborts.filter(({ changesState }) => changesState));
}

/** Resolves when the aborted commands can change nothing more, however long that takes. */
export async function awaitAborts(clock: Clock, aborts: readonly Abort[]): Promise<void> {
  const isProved = await settleAborts(clock, aborts, DRAIN_MAX_MS);
  // Else only the end of the commands proves that their changes are over.
  if (!isProved) await allOver(aborts.filter(({ changesMedium }) => changesMedium));
  await changesOver(aborts);
}

/** Resolves when no handler and no medium works on any of them. */
async function allOver(aborts: readonly Abort[]): Promise<void> {
  await Promise.all(aborts.map(({ over }) => over));
}
