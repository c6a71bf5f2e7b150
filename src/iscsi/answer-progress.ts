import type { ByteStream } from '../base/byte-stream.ts';
import type { SendQueue } from './wire/send-queue.ts';

/**
 * Checks at intervals how much of its answers an initiator has read. A long answer is one write,
 * which may take minutes on a slow link: the initiator is alive as long as it acknowledges bytes.
 */
export class AnswerProgress {
  readonly #queue: Pick<SendQueue, 'idle' | 'writes'>;
  readonly #stream: Pick<ByteStream, 'unacknowledgedBytes'>;
  #writes = 0;
  #unacknowledgedBytes = 0;
  #wasIdle = true;
  #isSlow = false;
  #isStuck = false;
  #lastTakenMs = 0;

  constructor(
    queue: Pick<SendQueue, 'idle' | 'writes'>,
    stream: Pick<ByteStream, 'unacknowledgedBytes'>,
  ) {
    this.#queue = queue;
    this.#stream = stream;
  }

  /** Whether the initiator has taken something since the last check. */
  check(now: number): boolean {
    const { idle, writes } = this.#queue;
    const { unacknowledgedBytes } = this.#stream;
    // A new write begins when the one before is over, or when there was none.
    const isSame = writes === this.#writes;
    const isTaken = isSame ? unacknowledgedBytes < this.#unacknowledgedBytes : !this.#wasIdle;
    this.#isSlow = isTaken && isSame && !idle;
    this.#isStuck = isSame && this.#unacknowledgedBytes > 0 && !isTaken;
    if (isTaken || idle) this.#lastTakenMs = now;
    this.#writes = writes;
    this.#unacknowledgedBytes = unacknowledgedBytes;
    this.#wasIdle = idle;
    return isTaken;
  }

  /** Between the last two checks the initiator took a part of one write. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** None of the bytes sent before the previous check were acknowledged by the last check. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** How long the initiator has taken none of the bytes that wait for it, as of the last check. */
  stalledMs(now: number): number {
    return now - this.#lastTakenMs;
  }

  /** The session begins, or the gateway itself stood still until now. */
  countFrom(now: number): void {
    this.#lastTakenMs = now;
  }
}
