import type { Clock } from '../../base/clock.ts';
import { type Epoch, InFlight } from '../in-flight.ts';
import { fault } from '../refusal.ts';
import type { VolumeResult } from '../volume.ts';
import type { ImageOpening, Landed } from './image-opening.ts';

/** Operations of one volume that wait or fly at one time. */
export const OPERATIONS_MAX = 2048;
/** Bytes that they write: librbd keeps a copy of what it was given. */
export const WRITE_BYTES_MAX = 256 * 1024 * 1024;

/** One operation on its way to the cluster and back. */
export interface Operation {
  /** Changes nothing, so it may be done once more elsewhere. */
  readonly isRead: boolean;
  readonly offset: number;
  /** Bytes that librbd copies. */
  readonly writeBytes: number;
  readonly startedMs: number;
  readonly start: (opening: ImageOpening, landed: Landed) => void;
  readonly settle: (result: VolumeResult) => void;
  epoch?: Epoch;
}

const BUSY = fault('busy');
const FENCED = fault('fenced');

/**
 * The operations of one volume over the openings that it has, one after the other. While it is
 * suspended they wait. An operation that finds its client blocklisted waits for the fence to be
 * finished; then a read is done once more, and all else ends `fenced`: it may have been applied.
 */
export class Operations {
  readonly #inFlight = new InFlight();
  readonly #clock: Clock;
  readonly #onLost: () => void;
  #opening: ImageOpening;
  #isSuspended = false;
  #held: Operation[] = [];
  readonly #flying = new Map<Operation, ImageOpening>();
  #lost: Operation[] = [];
  #writeBytes = 0;

  /** `onLost`: an operation found the client blocklisted. Called for each. */
  constructor(opening: ImageOpening, clock: Clock, onLost: () => void) {
    this.#opening = opening;
    this.#clock = clock;
    this.#onLost = onLost;
  }

  get opening(): ImageOpening {
    return this.#opening;
  }

  get count(): number {
    return this.#inFlight.count;
  }

  run(
    isRead: boolean,
    offset: number,
    writeBytes: number,
    start: (opening: ImageOpening, landed: Landed) => void,
  ): Promise<VolumeResult> | VolumeResult {
    const isFull = this.count >= OPERATIONS_MAX || this.#writeBytes + writeBytes > WRITE_BYTES_MAX;
    if (isFull && this.count > 0) return BUSY;
    this.#writeBytes += writeBytes;
    const epoch = this.#inFlight.begin();
    const startedMs = this.#clock.now();
    return new Promise((settle) => {
      const operation = { isRead, offset, writeBytes, startedMs, start, settle, epoch };
      if (this.#isSuspended) this.#held.push(operation);
      else this.#fly(operation);
    });
  }

  drain(): Promise<void> {
    return this.#inFlight.drain();
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
    const held = this.#held;
    this.#held = [];
    for (const operation of held) this.#fly(operation);
  }

  /** What was never submitted ends so. */
  refuseHeld(result: VolumeResult): void {
    const held = this.#held;
    this.#held = [];
    for (const operation of held) this.#settle(operation, result);
  }

  /**
   * The fence of the opening's client is finished everywhere: what it has not done is never seen
   * done. Its reads that still fly stay: librbd may yet fill their buffers.
   */
  fenced(): void {
    const lost = this.#lost;
    this.#lost = [];
    for (const [operation, opening] of this.#flying) {
      if (opening !== this.#opening || operation.isRead) continue;
      this.#flying.delete(operation);
      lost.push(operation);
    }
    this.#held = [...lost.filter(({ isRead }) => isRead), ...this.#held];
    for (const operation of lost) if (!operation.isRead) this.#settle(operation, FENCED);
  }

  /** There will be no other opening. Of what may have been applied nothing is said. */
  abandon(): void {
    const reads = this.#lost.filter(({ isRead }) => isRead);
    this.#lost = this.#lost.filter(({ isRead }) => !isRead);
    this.#held = [...reads, ...this.#held];
    this.refuseHeld(FENCED);
  }

  /** Later submissions go there; returns the opening that it takes the place of. */
  replaceOpening(opening: ImageOpening): ImageOpening {
    const before = this.#opening;
    this.#opening = opening;
    return before;
  }

  /** Where the operation lies that flies for longest, if that is longer than `ageMs`. */
  slowest(ageMs: number): number | undefined {
    const before = this.#clock.now() - ageMs;
    for (const { startedMs, offset } of this.#flying.keys()) {
      if (startedMs <= before) return offset;
    }
    return undefined;
  }

  #fly(operation: Operation): void {
    const opening = this.#opening;
    this.#flying.set(operation, opening);
    operation.start(opening, (result) => this.#landed(operation, opening, result));
  }

  #landed(operation: Operation, opening: ImageOpening, result: VolumeResult): void {
    // Settled before, by the end of the fence.
    if (!this.#flying.delete(operation)) return;
    if (result.status !== 'fenced') {
      this.#settle(operation, result);
    } else if (opening === this.#opening) {
      this.#lost.push(operation);
      this.#onLost();
    } else if (this.#isSuspended) {
      this.#held.push(operation);
    } else {
      // A read of an earlier opening.
      this.#fly(operation);
    }
  }

  #settle(operation: Operation, result: VolumeResult): void {
    this.#writeBytes -= operation.writeBytes;
    this.#inFlight.end(operation.epoch!);
    operation.settle(result);
  }
}
