import type { Completion } from '../../ceph/ceph-calls.ts';
import { IMAGE_BUFFERS_MAX } from '../../ceph/rbd-image.ts';
import type { Epoch } from '../in-flight.ts';
import { fault } from '../refusal.ts';
import { DONE, type VolumeResult } from '../volume.ts';
import { spread } from './buffer-list.ts';
import { resultOf } from './errno-result.ts';
import type { OnResult, OpenImage } from './open-image.ts';

/** Takes the results of operations. */
export interface OperationOwner {
  ended(operation: Operation, result: VolumeResult): void;
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
  #image: OpenImage | undefined = undefined;

  constructor(isRead: boolean, offset: number, writeBytes: number) {
    this.isRead = isRead;
    this.offset = offset;
    this.writeBytes = writeBytes;
  }

  /** The open image that it was submitted to last. */
  get image(): OpenImage {
    return this.#image!;
  }

  /** Submits it; `owner` gets the result once, later. */
  start(owner: OperationOwner, image: OpenImage): void {
    this.heldMs = undefined;
    this.#owner = owner;
    this.#image = image;
    const refusal = this.submit(image);
    if (refusal !== undefined) queueMicrotask(() => this.end(refusal));
  }

  /** Why the open image does not take it; undefined: it calls `end` later. */
  protected abstract submit(image: OpenImage): VolumeResult | undefined;

  end(result: VolumeResult): void {
    this.#owner!.ended(this, result);
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

  protected submit(image: OpenImage): VolumeResult | undefined {
    if (this.#into.length > IMAGE_BUFFERS_MAX) this.#list = [new Uint8Array(this.#length)];
    return image.read(this.offset, this.#list, this);
  }

  complete(read: number): void {
    if (read < 0) {
      this.end(resultOf(read, true));
    } else if (read !== this.#length) {
      // librbd cuts off what lies behind the end: the image has just shrunk.
      this.end(fault('outOfRange'));
    } else {
      if (this.#list !== this.#into) spread(this.#list[0]!, this.#into);
      this.end(DONE);
    }
  }
}

export class WriteOperation extends Operation implements Completion {
  readonly #from: readonly Uint8Array[];

  constructor(offset: number, from: readonly Uint8Array[], length: number) {
    super(false, offset, length);
    this.#from = from;
  }

  protected submit(image: OpenImage): VolumeResult | undefined {
    return image.write(this.offset, this.#from, this);
  }

  complete(errno: number): void {
    this.image.writeEnded();
    this.end(resultOf(errno, false));
  }
}

/** An operation that is not on the path of every command. */
export class RareOperation extends Operation {
  readonly #start: (image: OpenImage, onResult: OnResult) => void;

  constructor(
    isRead: boolean,
    offset: number,
    writeBytes: number,
    start: (image: OpenImage, onResult: OnResult) => void,
  ) {
    super(isRead, offset, writeBytes);
    this.#start = start;
  }

  protected submit(image: OpenImage): undefined {
    this.#start(image, (result) => this.end(result));
  }
}

/** Reads by an open image that takes no operations yet. */
export function probe(
  image: OpenImage,
  offset: number,
  lengthBytes: number,
): Promise<VolumeResult> {
  const operation = new ReadOperation(offset, [new Uint8Array(lengthBytes)], lengthBytes);
  return new Promise((resolve) => {
    operation.start({ ended: (_, result) => resolve(result) }, image);
  });
}
