import { assert } from '../base/assert.ts';
import type { DataOutBurst, DataOutCommand } from './data-out-burst.ts';
import { DATA_OUT_TIMEOUT_MS } from './limits.ts';
import { RESERVED_TAG } from './standard/bhs.ts';

/** The Data-Out bursts that an initiator owes to a session, and when they are due. */
export class OwedBursts {
  /** Unsolicited bursts by Initiator Task Tag, solicited ones by Target Transfer Tag. */
  readonly #unsolicited = new Map<number, DataOutBurst>();
  readonly #solicited = new Map<number, DataOutBurst>();
  #nextTag = 1;
  /** When more data is due, of any burst: on a slow link later bursts wait for earlier ones. */
  #dueMs = 0;

  /** Bursts that are owed, including those of aborted commands. */
  get size(): number {
    return this.#unsolicited.size + this.#solicited.size;
  }

  get solicited(): number {
    return this.#solicited.size;
  }

  /** Whether bursts of commands that are over are still owed. */
  get isDraining(): boolean {
    for (const { command } of this.#solicited.values()) if (command === undefined) return true;
    return false;
  }

  find(tag: number, targetTransferTag: number): DataOutBurst | undefined {
    if (targetTransferTag === RESERVED_TAG) return this.#unsolicited.get(tag);
    return this.#solicited.get(targetTransferTag);
  }

  addUnsolicited(
    command: DataOutCommand,
    offset: number,
    end: number,
    now: number,
    limitMs: number,
  ): DataOutBurst {
    const burst = newBurst(command, RESERVED_TAG, offset, end, now, limitMs);
    this.#unsolicited.set(command.tag, burst);
    return burst;
  }

  /** With a Target Transfer Tag of its own. */
  addSolicited(
    command: DataOutCommand,
    offset: number,
    end: number,
    now: number,
    limitMs: number,
  ): DataOutBurst {
    const burst = newBurst(command, this.#takeTag(), offset, end, now, limitMs);
    this.#solicited.set(burst.targetTransferTag, burst);
    return burst;
  }

  /** Its last PDU came. */
  end(burst: DataOutBurst): void {
    if (burst.targetTransferTag !== RESERVED_TAG) this.#solicited.delete(burst.targetTransferTag);
    else if (this.#unsolicited.get(burst.tag) === burst) this.#unsolicited.delete(burst.tag);
  }

  /** The command is over: data that is still owed to it is dropped when it comes. */
  release(command: DataOutCommand): void {
    if (command.burst !== undefined) this.#dropUnsolicited(command.burst);
    for (const burst of this.#solicited.values()) {
      if (burst.command === command) burst.command = undefined;
    }
  }

  clear(): void {
    this.#unsolicited.clear();
    this.#solicited.clear();
  }

  /** Data of a burst came. */
  progressed(burst: DataOutBurst, now: number): void {
    this.postpone(now);
    burst.deadlineMs = this.#dueMs;
  }

  /** Data came, or R2Ts wait behind answers that a slow link takes: more data is due later. */
  postpone(now: number): void {
    this.#dueMs = now + DATA_OUT_TIMEOUT_MS;
  }

  /**
   * True when a burst has been owed for longer than its bound. Data for commands that are over is
   * then given up: an initiator that aborts a command may drop its data.
   */
  overdue(now: number): boolean {
    return this.#isOverdue(this.#unsolicited, now) || this.#isOverdue(this.#solicited, now);
  }

  /** True when the data of a command is incomplete at its limit, even if the gateway was slow. */
  isPastLimit(now: number): boolean {
    return isPastLimit(this.#unsolicited, now) || isPastLimit(this.#solicited, now);
  }

  /**
   * The gateway did not read from the initiator for this long, because it took no answers. That
   * does not count as silence, but counts against the limit: otherwise a command could keep its
   * room for ever.
   */
  extend(byMs: number): void {
    this.#dueMs += byMs;
    for (const burst of this.#unsolicited.values()) burst.deadlineMs += byMs;
    for (const burst of this.#solicited.values()) burst.deadlineMs += byMs;
  }

  /** This gateway was stopped for this long: that time does not count. */
  skipGap(byMs: number): void {
    this.extend(byMs);
    for (const burst of this.#unsolicited.values()) burst.limitMs += byMs;
    for (const burst of this.#solicited.values()) burst.limitMs += byMs;
  }

  #isOverdue(bursts: Map<number, DataOutBurst>, now: number): boolean {
    for (const [tag, burst] of bursts) {
      if (now <= burst.deadlineMs) continue;
      if (burst.command === undefined) bursts.delete(tag);
      else if (now > this.#dueMs) return true;
    }
    return false;
  }

  /**
   * Unsolicited data for a command that is over is dropped without being expected: no window bounds
   * the number of such commands, so their bursts would take unbounded memory.
   */
  #dropUnsolicited(burst: DataOutBurst): void {
    burst.command = undefined;
    this.end(burst);
  }

  #takeTag(): number {
    do {
      this.#nextTag = (this.#nextTag + 1) >>> 0;
    } while (this.#nextTag === RESERVED_TAG || this.#solicited.has(this.#nextTag));
    return this.#nextTag;
  }
}

function newBurst(
  command: DataOutCommand,
  targetTransferTag: number,
  offset: number,
  end: number,
  now: number,
  limitMs: number,
): DataOutBurst {
  assert(offset <= end, 'a burst ends where it begins, or later');
  const deadlineMs = now + DATA_OUT_TIMEOUT_MS;
  const { tag } = command;
  return { command, tag, targetTransferTag, offset, end, dataSn: 0, deadlineMs, limitMs };
}

function isPastLimit(bursts: ReadonlyMap<number, DataOutBurst>, now: number): boolean {
  for (const { command, limitMs } of bursts.values()) {
    if (command !== undefined && now > limitMs) return true;
  }
  return false;
}
