import { assert } from '../base/assert.ts';
import { clearList } from '../base/clear-list.ts';
import { Status } from '../scsi/status.ts';
import { residualFlag } from './residual.ts';
import { DataIn as DataInPdu, FINAL_FLAG, Opcode, RESERVED_TAG } from './standard/bhs.ts';
import type { PduWriter } from './wire/pdu-writer.ts';
import type { Region } from './wire/send-queue.ts';

const STATUS_FLAG = 0x01;
/** In place of a length: the region was queued. */
const SENT = -1;

/** The data-in of one command: Data-In PDUs in the send queue that the medium fills. Used again. */
export class DataIn {
  readonly #regions: Region[] = [];
  readonly #lengths: number[] = [];
  readonly #views: Uint8Array[] = [];

  /** Room for `length` bytes between the headers of PDUs to be sent. */
  allocate(writer: PduWriter, maxBurstLength: number, length: number): readonly Uint8Array[] {
    assert(this.#regions.length === 0, 'data-in is allocated once');
    const segmentMax = writer.dataSegmentMax;
    let left = length;
    let burstLeft = maxBurstLength;
    while (left > 0) {
      const size = Math.min(left, segmentMax, burstLeft);
      const region = writer.reserve(size);
      this.#regions.push(region);
      this.#lengths.push(size);
      this.#views.push(region.slab.view(region.start + writer.dataOffset, size));
      left -= size;
      burstLeft -= size;
      if (burstLeft === 0) burstLeft = maxBurstLength;
    }
    return this.#views;
  }

  /**
   * Queues the first `length` bytes; returns the number of PDUs. `residual`: status GOOD goes with
   * the last of them.
   */
  send(
    writer: PduWriter,
    tag: number,
    maxBurstLength: number,
    length: number,
    residual: number | undefined,
  ): number {
    let offset = 0;
    let dataSn = 0;
    for (let i = 0; i < this.#regions.length && offset < length; i++) {
      const region = this.#regions[i]!;
      const size = Math.min(this.#lengths[i]!, length - offset);
      const end = offset + size;
      const isLast = end === length;
      const status = isLast ? residual : undefined;
      let flags = isLast || end % maxBurstLength === 0 ? FINAL_FLAG : 0;
      if (status !== undefined) flags |= STATUS_FLAG | residualFlag(status);
      const bytes = writer.header(region, Opcode.dataIn, flags, size, tag);
      const base = region.start;
      DataInPdu.targetTransferTag.set(bytes, RESERVED_TAG, base);
      DataInPdu.dataSn.set(bytes, dataSn, base);
      DataInPdu.bufferOffset.set(bytes, offset, base);
      if (status !== undefined) {
        DataInPdu.status.set(bytes, Status.good, base);
        DataInPdu.residualCount.set(bytes, Math.abs(status), base);
        writer.sequenceNumbers(region, true);
      } else {
        writer.expectedNumbers(region);
      }
      writer.send(region, size, status !== undefined);
      this.#lengths[i] = SENT;
      offset = end;
      dataSn++;
    }
    assert(offset === length, 'there is room for all data-in that is sent');
    return dataSn;
  }

  /** Returns the room that was not sent. */
  clear(writer: PduWriter): void {
    for (let i = 0; i < this.#regions.length; i++) {
      if (this.#lengths[i] !== SENT) writer.queue.cancel(this.#regions[i]!);
    }
    clearList(this.#regions);
    clearList(this.#lengths);
    clearList(this.#views);
  }
}
