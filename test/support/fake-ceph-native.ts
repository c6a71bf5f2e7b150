import { nativeProtocol } from '../../src/ceph/native-protocol.ts';

const { descriptorFields: DESCRIPTOR_FIELDS, resultFields: RESULT_FIELDS } = nativeProtocol;

/** An addon that does nothing by itself. */
export class FakeCephNative {
  readonly batches: { slots: number[]; buffers: readonly Uint8Array[] }[] = [];
  /** Slots of the searches that a test has not ended. */
  readonly searches: number[] = [];
  results = new Float64Array();
  onResults: (count: number) => void = () => {};
  onMessage: (slot: number, errno: number, value: unknown) => void = () => {};

  attach(
    results: Float64Array,
    onResults: (count: number) => void,
    onMessage: (slot: number, errno: number, value: unknown) => void,
  ): void {
    Object.assign(this, { results, onResults, onMessage });
  }

  submit(count: number, descriptors: Float64Array, buffers: readonly Uint8Array[]): void {
    const slots = Array.from({ length: count }, (_, i) => descriptors[i * DESCRIPTOR_FIELDS + 2]!);
    this.batches.push({ slots, buffers });
  }

  openImage(slot: number): void {
    const info = { sizeBytes: 1 << 20, snapshots: [] };
    this.onMessage(slot, 0, { handle: 1, info });
  }

  imageInfo(slot: number): void {
    this.onMessage(slot, 0, { sizeBytes: 1 << 20, snapshots: [] });
  }

  diffImage(slot: number): void {
    this.searches.push(slot);
  }

  endSearch(slot: number): void {
    this.searches.splice(this.searches.indexOf(slot), 1);
    this.onMessage(slot, 0, { extents: new Float64Array(), more: false });
  }

  closeImage(slot: number): void {
    this.onMessage(slot, 0, undefined);
  }

  /** Ends these operations, each with its slot as the result. */
  end(slots: readonly number[]): void {
    for (const [i, slot] of slots.entries()) {
      this.results.set([slot, slot + 1000, 0], i * RESULT_FIELDS);
    }
    this.onResults(slots.length);
  }
}
