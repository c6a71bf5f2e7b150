import type { Completion } from '../../src/ceph/ceph-calls.ts';
import type { VolumeResult } from '../../src/volume/volume.ts';

/** An open image that takes what it is told to, and ends it when a test says so. */
export class FakeImage {
  refusal: VolumeResult | undefined;
  holdsWrites = false;
  writesEnded = 0;
  readonly taken: { offset: number; list: readonly Uint8Array[]; completion: Completion }[] = [];
  #ended = 0;

  read(offset: number, list: readonly Uint8Array[], completion: Completion) {
    if (this.refusal === undefined) this.taken.push({ offset, list, completion });
    return this.refusal;
  }

  write(offset: number, list: readonly Uint8Array[], completion: Completion) {
    return this.read(offset, list, completion);
  }

  writeEnded(): void {
    this.writesEnded++;
  }

  /** Ends the next of its operations. */
  end(result: number): void {
    this.taken[this.#ended++]!.completion.complete(result, 0);
  }
}
