import type { Completion } from '../../ceph/ceph-calls.ts';
import { IMAGE_BUFFERS_MAX } from '../../ceph/rbd-image.ts';
import type { Epoch } from '../in-flight.ts';
import { fault } from '../refusal.ts';
import { DONE, type VolumeResult } from '../volume.ts';
import { spread } from './buffer-list.ts';
import { resultOf } from './errno-result.ts';
import type { ImageOpening } from './image-opening.ts';

/** Where operations land. */
export interface OperationOwner {
  landed(operation: Operation, result: VolumeResult): void;
}

/** One operation of a volume on its way to the cluster and back: once, or again elsewhere. */
export abstract class Operation {
  /** Changes nothing, so it may be done once more elsewhere. */
  readonly isRead: boolean;
  readonly offset: number;
  /** Bytes that librbd copies. */
  readonly writeBytes: number;
  startedMs = 0;
  /** Since when it waits to be submitted, if it does. */
  heldMs: number | undefined = undefined;
  /** Its client was not allowed it: is another one to be had, or is this the last attempt? */
  attempt: 'asking' | 'last' | undefined = undefined;
  epoch: Epoch | undefined = undefined;
  settle: (result: VolumeResult) => void = () => {};
  #owner: OperationOwner | undefined = undefined;
  #opening: ImageOpening | undefined = undefined;

  constructor(isRead: boolean, offset: number, writeBytes: number) {
    this.isRead = isRead;
    this.offset = offset;
    this.writeBytes = writeBytes;
  }

  /** The opening that it was submitted to last. */
  get opening(): ImageOpening {
    return this.#opening!;
  }

  /** Submits it; `owner` hears once, later, what it came to. */
  fly(owner: OperationOwner, opening: ImageOpening): void {
    this.heldMs = undefined;
    this.#owner = owner;
    this.#opening = opening;
    const refusal = this.submit(opening);
    if (refusal !== undefined) queueMicrotask(() => this.landed(refusal));
  }

  /** Why the opening does not take it; undefined: it calls `landed` later. */
  protected abstract submit(opening: ImageOpening): VolumeResult | undefined;

  landed(result: VolumeResult): void {
    this.#owner!.landed(this, result);
  }
}

export class ReadOperation extends Operation implements Completion {
  readonly #into: readonly Uint8Array[];
  readonly #length: number;
  #list: readonly Uint8Array[];

  constructor(offset: number, into: readonly Uint8Array[], length: number) {
    super(true, offset, 0);
    this.#into = into;
    this.#length = length;
    this.#list = into;
  }

  protected submit(opening: ImageOpening): VolumeResult | undefined {
    if (this.#into.length > IMAGE_BUFFERS_MAX) this.#list = [new Uint8Array(this.#length)];
    return opening.read(this.offset, this.#list, this);
  }

  complete(read: number): void {
    if (read < 0) {
      this.landed(resultOf(read, true));
    } else if (read !== this.#length) {
      // librbd cuts off what lies behind the end: the image has just shrunk.
      this.landed(fault('outOfRange'));
    } else {
      if (this.#list !== this.#into) spread(this.#list[0]!, this.#into);
      this.landed(DONE);
    }
  }
}

export class WriteOperation extends Operation implements Completion {
  readonly #from: readonly Uint8Array[];

  constructor(offset: number, from: readonly Uint8Array[], length: number) {
    super(false, offset, length);
    this.#from = from;
  }

  protected submit(opening: ImageOpening): VolumeResult | undefined {
    return opening.write(this.offset, this.#from, this);
  }

  complete(errno: number): void {
    this.opening.writeEnded();
    this.landed(resultOf(errno, false));
  }
}

/** An operation that is not on the path of every command. */
export class RareOperation extends Operation {
  readonly #start: (opening: ImageOpening, landed: (result: VolumeResult) => void) => void;

  constructor(
    isRead: boolean,
    offset: number,
    writeBytes: number,
    start: (opening: ImageOpening, landed: (result: VolumeResult) => void) => void,
  ) {
    super(isRead, offset, writeBytes);
    this.#start = start;
  }

  protected submit(opening: ImageOpening): undefined {
    this.#start(opening, (result) => this.landed(result));
  }
}

/** Reads by an opening that takes no operations yet. */
export function probe(
  opening: ImageOpening,
  offset: number,
  lengthBytes: number,
): Promise<VolumeResult> {
  const operation = new ReadOperation(offset, [new Uint8Array(lengthBytes)], lengthBytes);
  return new Promise((resolve) => {
    operation.fly({ landed: (_, result) => resolve(result) }, opening);
  });
}
