import { assert } from '../../base/assert.ts';
import type { Execution } from './execution.ts';
import { TaskState } from './task-life.ts';

/** 256 buckets: a session has a few hundred commands at most. */
const BUCKET_BITS = 8;
/** 2^32 divided by the golden ratio: it spreads tags that count up as well as addresses. */
const MULTIPLIER = 0x9e3779b1;

/**
 * The commands of a nexus by their tag. Every command is added and removed, so the table chains
 * the executions themselves: that takes a few loads and stores and makes no garbage.
 */
export class TagIndex {
  readonly #buckets = new Array<Execution | undefined>(1 << BUCKET_BITS).fill(undefined);

  add(execution: Execution): void {
    const bucket = bucketOf(execution.task.tag);
    execution.nextInBucket = this.#buckets[bucket];
    this.#buckets[bucket] = execution;
  }

  remove(execution: Execution): void {
    const bucket = bucketOf(execution.task.tag);
    const first = this.#buckets[bucket];
    if (first === execution) {
      this.#buckets[bucket] = execution.nextInBucket;
    } else {
      let before = first;
      while (before !== undefined && before.nextInBucket !== execution) {
        before = before.nextInBucket;
      }
      assert(before !== undefined, 'a command that leaves the index is in it');
      before.nextInBucket = execution.nextInBucket;
    }
    execution.nextInBucket = undefined;
  }

  /** The command that owns this tag. */
  find(tag: number): Execution | undefined {
    let at = this.#buckets[bucketOf(tag)];
    while (at !== undefined && (at.task.tag !== tag || at.state === TaskState.discarding)) {
      at = at.nextInBucket;
    }
    return at;
  }
}

function bucketOf(tag: number): number {
  return Math.imul(tag, MULTIPLIER) >>> (32 - BUCKET_BITS);
}
