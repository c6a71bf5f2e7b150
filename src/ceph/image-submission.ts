import type { CephNative } from './ceph-native.ts';
import { nativeProtocol } from './native-protocol.ts';

const DESCRIPTOR_FIELDS = nativeProtocol.descriptorFields;

/** The most operations that one call to the addon submits. */
const BATCH_MAX = 256;

/**
 * Collects the image operations of one callback of the event loop, of all images of a process,
 * and submits them with one call to the addon when the callback ends.
 */
export class ImageSubmission {
  readonly #native: CephNative;
  readonly #descriptors = new Float64Array(BATCH_MAX * DESCRIPTOR_FIELDS);
  #buffers: Uint8Array[] = [];
  #count = 0;

  constructor(native: CephNative) {
    this.#native = native;
  }

  /** `code`: an `image...` of the protocol. `detail`: flags, or how many buffers are compared. */
  add(
    code: number,
    image: number,
    slot: number,
    offset: number,
    length: number,
    buffers: readonly Uint8Array[],
    detail: number,
  ): void {
    const at = this.#count * DESCRIPTOR_FIELDS;
    const descriptors = this.#descriptors;
    descriptors[at] = code;
    descriptors[at + 1] = image;
    descriptors[at + 2] = slot;
    descriptors[at + 3] = offset;
    descriptors[at + 4] = length;
    descriptors[at + 5] = buffers.length;
    descriptors[at + 6] = detail;
    for (const buffer of buffers) this.#buffers.push(buffer);
    if (++this.#count === BATCH_MAX) this.#flush();
    else if (this.#count === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    const buffers = this.#buffers;
    this.#count = 0;
    this.#buffers = [];
    this.#native.submit(count, this.#descriptors, buffers);
  }
}
