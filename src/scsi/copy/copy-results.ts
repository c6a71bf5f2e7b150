import { assert } from '../../base/assert.ts';
import { COPIES_AT_ONCE_MAX, COPIES_REMEMBERED_MAX } from './copy-limits.ts';

/** What an initiator can learn of a copy by its list identifier. */
export interface CopyProgress {
  state: 'inProgress' | 'completed' | 'failed';
  segmentsProcessed: number;
  copiedBytes: number;
}

/**
 * The copies that one nexus sent to one logical unit. Copies with a list identifier are reported
 * while they run, and once after their end, unless too many have ended since.
 */
export class CopyResults {
  readonly #byListId = new Map<number, CopyProgress>();
  #running = 0;

  get isFull(): boolean {
    return this.#running >= COPIES_AT_ONCE_MAX;
  }

  isInProgress(listId: number): boolean {
    return this.#byListId.get(listId)?.state === 'inProgress';
  }

  /** A copy begins; undefined: it cannot be reported. */
  begin(listId: number | undefined): CopyProgress {
    assert(!this.isFull, 'the copies of a nexus are bounded');
    this.#running++;
    const progress: CopyProgress = { state: 'inProgress', segmentsProcessed: 0, copiedBytes: 0 };
    if (listId === undefined) return progress;
    assert(!this.isInProgress(listId), 'two copies in progress have different identifiers');
    this.#byListId.delete(listId);
    this.#byListId.set(listId, progress);
    return progress;
  }

  end(progress: CopyProgress, isComplete: boolean): void {
    assert(progress.state === 'inProgress', 'a copy ends once');
    progress.state = isComplete ? 'completed' : 'failed';
    this.#running--;
    this.#forgetOldest();
  }

  /** The progress of a copy; one that has ended is reported once. */
  take(listId: number): CopyProgress | undefined {
    const progress = this.#byListId.get(listId);
    if (progress !== undefined && progress.state !== 'inProgress') this.#byListId.delete(listId);
    return progress;
  }

  #forgetOldest(): void {
    const ended = [...this.#byListId].filter(([, { state }]) => state !== 'inProgress');
    for (const [listId] of ended.slice(0, Math.max(0, ended.length - COPIES_REMEMBERED_MAX))) {
      this.#byListId.delete(listId);
    }
  }
}
