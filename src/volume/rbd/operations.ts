import type { Clock, Timer } from '../../base/clock.ts';
import { IMAGE_OPERATIONS_MAX } from '../../ceph/rbd-image.ts';
import { InFlight } from '../in-flight.ts';
import { fault } from '../refusal.ts';
import type { VolumeResult } from '../volume.ts';
import type { OpenImage } from './open-image.ts';
import type { Operation, OperationOwner } from './operation.ts';

/**
 * Operations of one volume that are held or in flight at a time: no more than its image accepts.
 */
export const OPERATIONS_MAX = IMAGE_OPERATIONS_MAX;
/** Bytes that they write: librbd keeps a copy of what it was given. */
export const WRITE_BYTES_MAX = 256 * 1024 * 1024;
/** An operation that is held for longer, for a barrier, a successor or a probe, ends `busy`. */
export const HELD_MAX_MS = 5_000;
/** How often what waits is looked at. */
export const HELD_CHECK_MS = 500;

interface OperationsListener {
  /** An operation found the client blocklisted. Called for each. */
  onLost(): void;
  /**
   * An operation was refused because the client may not do it, and changed nothing. Called for
   * each. Resolves whether it is to be submitted again.
   */
  onForbidden(): Promise<boolean>;
}

const EPERM_NUMBER = 1;
const BUSY = fault('busy');
const FENCED = fault('fenced');

/**
 * The operations of one volume over the open images that it has one after the other. While it is
 * suspended they wait. An operation that finds its client blocklisted waits for the fence to be
 * finished; then a read is done once more, and all else ends `fenced`: it may have been applied.
 */
export class Operations implements OperationOwner {
  readonly #inFlight = new InFlight();
  readonly #clock: Clock;
  readonly #listener: OperationsListener;
  #image: OpenImage;
  /** The fence of its client is finished. */
  #isFenced = false;
  #isSuspended = false;
  /** In the order of their coming to wait, but for reads to be done once more, which come first. */
  #held: Operation[] = [];
  #heldCheck: Timer | undefined;
  readonly #started = new Set<Operation>();
  #lost: Operation[] = [];
  #writeBytes = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(image: OpenImage, clock: Clock, listener: OperationsListener) {
    this.#image = image;
    this.#clock = clock;
    this.#listener = listener;
  }

  get image(): OpenImage {
    return this.#image;
  }

  get count(): number {
    return this.#inFlight.count;
  }

  run(operation: Operation): Promise<VolumeResult> | VolumeResult {
    const bytes = this.#writeBytes + operation.writeBytes;
    const isFull = this.count >= OPERATIONS_MAX || bytes > WRITE_BYTES_MAX;
    if (isFull && this.count > 0) return BUSY;
    this.#writeBytes = bytes;
    operation.epoch = this.#inFlight.begin();
    operation.startedMs = this.#clock.now();
    return new Promise((settle) => {
      operation.settle = settle;
      if (this.#mustHold(operation)) this.#hold(operation);
      else this.#start(operation);
    });
  }

  /** Whether an operation that changes the image, or may have, is in flight. */
  get changes(): boolean {
    for (const { isRead, image } of this.#started) {
      if (!isRead && image === this.#image) return true;
    }
    return this.#lost.some(({ isRead }) => !isRead);
  }

  drain(): Promise<void> {
    return this.#inFlight.drain();
  }

  /** Resolves when the present open image has no operation in flight. */
  idle(): Promise<void> {
    if (!this.#hasStarted()) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
    this.release();
  }

  /** Submits what needs not wait now, in order. */
  release(): void {
    const held = this.#takeHeld();
    for (const operation of held) {
      if (this.#mustHold(operation)) this.#hold(operation);
      else this.#start(operation);
    }
  }

  /** Held operations, which have changed nothing, end with this result. */
  refuseHeld(result: VolumeResult): void {
    for (const operation of this.#takeHeld()) this.#settle(operation, result);
  }

  /**
   * The fence of the open image's client is finished everywhere: operations that it has not done
   * will never land. Its reads in flight stay: librbd may still fill their buffers.
   */
  fenced(): void {
    this.#isFenced = true;
    const lost = this.#lost;
    this.#lost = [];
    for (const operation of this.#started) {
      if (operation.image !== this.#image || operation.isRead) continue;
      this.#started.delete(operation);
      lost.push(operation);
    }
    this.#holdFirst(lost.filter(({ isRead }) => isRead));
    for (const operation of lost) if (!operation.isRead) this.#settle(operation, FENCED);
  }

  /** The image is not opened again. Operations that may have been applied get no result. */
  abandon(): void {
    const reads = this.#lost.filter(({ isRead }) => isRead);
    this.#lost = this.#lost.filter(({ isRead }) => !isRead);
    this.#holdFirst(reads);
    this.refuseHeld(FENCED);
  }

  /** Later submissions use `image`; returns the open image that it replaces. */
  replaceImage(image: OpenImage): OpenImage {
    const before = this.#image;
    this.#image = image;
    this.#isFenced = false;
    return before;
  }

  /**
   * The offset of the operation that has been in flight for longest, if for longer than `ageMs`.
   */
  slowest(ageMs: number): number | undefined {
    const before = this.#clock.now() - ageMs;
    for (const { startedMs, offset } of this.#started) {
      if (startedMs <= before) return offset;
    }
    return undefined;
  }

  #mustHold({ isRead }: Operation): boolean {
    return this.#isSuspended || (!isRead && this.#image.holdsWrites);
  }

  #hold(operation: Operation): void {
    operation.heldMs ??= this.#clock.now();
    this.#held.push(operation);
    this.#heldCheck ??= this.#clock.after(HELD_CHECK_MS, this.#onHeldCheck);
  }

  #holdFirst(operations: readonly Operation[]): void {
    const others = this.#held;
    this.#held = [];
    for (const operation of operations) this.#hold(operation);
    this.#held.push(...others);
  }

  #takeHeld(): readonly Operation[] {
    const held = this.#held;
    this.#held = [];
    this.#heldCheck?.cancel();
    this.#heldCheck = undefined;
    return held;
  }

  readonly #onHeldCheck = (): void => {
    const before = this.#clock.now() - HELD_MAX_MS;
    const held = this.#takeHeld();
    this.#held = held.filter(({ heldMs = before }) => heldMs > before);
    if (this.#held.length > 0) {
      this.#heldCheck = this.#clock.after(HELD_CHECK_MS, this.#onHeldCheck);
    }
    for (const operation of held) {
      if ((operation.heldMs ?? before) <= before) this.#settle(operation, BUSY);
    }
  };

  #start(operation: Operation): void {
    this.#started.add(operation);
    operation.start(this, this.#image);
  }

  /** An operation came back from the open image that it was submitted to. */
  ended(operation: Operation, result: VolumeResult): void {
    // Settled before, by the end of the fence.
    if (!this.#started.delete(operation)) return;
    const { image } = operation;
    if (this.#idle !== undefined) this.#resolveIdle();
    if (result.status === 'done') {
      this.#settle(operation, result);
    } else if (result.status !== 'fenced') {
      const isForbidden = 'errno' in result && result.errno === EPERM_NUMBER;
      if (isForbidden && operation.attempt !== 'last') this.#forbidden(operation, image, result);
      else this.#settle(operation, result);
    } else if (image === this.#image && !this.#isFenced) {
      this.#lost.push(operation);
      this.#listener.onLost();
    } else if (this.#isSuspended || image === this.#image) {
      // A read, here as below, of an open image whose fence is finished.
      this.#hold(operation);
    } else {
      this.#start(operation);
    }
  }

  /** It was refused without effect: it waits until it is known whether another client may do it. */
  #forbidden(operation: Operation, image: OpenImage, result: VolumeResult): void {
    if (image !== this.#image) {
      operation.attempt = 'last';
      if (this.#isSuspended) this.#hold(operation);
      else this.#start(operation);
      return;
    }
    this.#hold(operation);
    if (operation.attempt === 'asking') return;
    operation.attempt = 'asking';
    void this.#listener.onForbidden().then((isAllowed) => {
      operation.attempt = 'last';
      const index = this.#held.indexOf(operation);
      // It was submitted or refused meanwhile, or it goes with all that waits for the new client.
      if (index < 0 || (isAllowed && this.#isSuspended)) return;
      this.#held.splice(index, 1);
      if (isAllowed) this.#start(operation);
      else this.#settle(operation, result);
    });
  }

  #hasStarted(): boolean {
    for (const { image } of this.#started) if (image === this.#image) return true;
    return false;
  }

  #resolveIdle(): void {
    if (this.#hasStarted()) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #settle(operation: Operation, result: VolumeResult): void {
    this.#writeBytes -= operation.writeBytes;
    this.#inFlight.end(operation.epoch!);
    operation.settle(result);
  }
}
