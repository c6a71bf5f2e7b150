import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { Timeline } from './timeline.ts';

type Message = () => void;

export interface PipeParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly latencyMaxMs: number;
  /** Whether messages pass now; `wake` is called when that may have changed. */
  readonly isOpen: () => boolean;
}

/** One direction of a connection: messages arrive late and in order, and wait while it is cut. */
export class Pipe {
  readonly #parts: PipeParts;
  #messages: Message[] = [];
  #isMoving = false;

  constructor(parts: PipeParts) {
    this.#parts = parts;
  }

  send(message: Message): void {
    this.#messages.push(message);
    this.wake();
  }

  wake(): void {
    const { timeline, random, latencyMaxMs, isOpen } = this.#parts;
    if (this.#isMoving || this.#messages.length === 0 || !isOpen()) return;
    this.#isMoving = true;
    timeline.after((random.below(1024) / 1024) * latencyMaxMs, () => {
      this.#isMoving = false;
      if (isOpen()) this.#messages.shift()?.();
      this.wake();
    });
  }

  /** Messages that have not arrived are lost. */
  clear(): void {
    this.#messages = [];
  }

  /** The sender is dead: what its kernel has is still sent. */
  keepSome(): void {
    const { random } = this.#parts;
    this.#messages.length = random.below(this.#messages.length + 1);
  }
}
