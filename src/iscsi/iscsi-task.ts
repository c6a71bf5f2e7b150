import { clearList } from '../base/clear-list.ts';
import type { Slab } from '../base/slab-pool.ts';
import { Status } from '../scsi/status.ts';
import { Task } from '../scsi/task.ts';
import type { DataOutBurst } from './data-out.ts';
import { GATHER_CHUNK_BYTES, GATHER_COPY_BYTES_MAX } from './limits.ts';
import type { Session } from './session.ts';
import { DataIn, Opcode, RESERVED_TAG, ScsiResponse } from './standard/bhs.ts';
import type { Region } from './wire/send-queue.ts';

const FINAL = 0x80;
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;
const STATUS_PRESENT = 0x01;

/** A SCSI command of a session: its buffers, its data-out, and the PDUs that answer it. */
export class IscsiTask extends Task {
  override readonly dataOut: Uint8Array[] = [];
  readonly #session: Session;
  /** The slabs behind `dataOut`, entry for entry. */
  readonly #slabs: (Slab | undefined)[] = [];
  /** Data-out that is there. */
  receivedLength = 0;
  /** The command takes a place in the CmdSN window. */
  numbered = true;
  /** The initiator sends more data without being asked (F bit clear). */
  burst: DataOutBurst | undefined = undefined;
  /** Counted by the session among the data of executing commands. */
  executingBytes = 0;
  /** Counted by the session among the data of commands that do not execute yet. */
  gatheredBytes = 0;
  /** Counted by the session among the data-in that may still be asked room for. */
  promisedBytes = 0;
  /** The last entry of `dataOut` is the used part of this; undefined: it is a receive buffer's. */
  #chunk: Uint8Array | undefined = undefined;

  readonly #regions: Region[] = [];
  readonly #lengths: number[] = [];
  readonly #views: Uint8Array[] = [];

  constructor(session: Session) {
    super();
    this.#session = session;
  }

  /** Keeps received data: the views stay valid until the command ends. */
  addDataOut(pieces: readonly Uint8Array[], slabs: readonly (Slab | undefined)[]): void {
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!;
      const slab = slabs[i];
      slab?.hold();
      this.dataOut.push(piece);
      this.#slabs.push(slab);
      this.receivedLength += piece.length;
    }
    this.#chunk = undefined;
  }

  /**
   * Takes data of a command that waits for more. Short pieces are copied: a byte here and there
   * would keep whole receive buffers for as long as the initiator likes.
   */
  gatherDataOut(pieces: readonly Uint8Array[], slabs: readonly (Slab | undefined)[]): void {
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!;
      if (piece.length === 0) continue;
      if (piece.length >= GATHER_COPY_BYTES_MAX) this.addDataOut([piece], [slabs[i]]);
      else this.#copy(piece);
    }
  }

  override requestDataOut(length: number): boolean {
    const session = this.#session;
    const whole = session.dataOut.request(this, Math.min(length, this.dataOutExpected));
    if (whole) session.countExecuting(this);
    return whole;
  }

  override allocateDataIn(length: number): readonly Uint8Array[] {
    const { writer, dataInSegmentMax, parameters } = this.#session;
    this.#session.keepPromise(this);
    let left = Math.min(length, this.dataInExpected);
    let burstLeft = parameters.maxBurstLength;
    while (left > 0) {
      const size = Math.min(left, dataInSegmentMax, burstLeft);
      const region = writer.reserve(size);
      const from = region.start + writer.dataOffset;
      this.#regions.push(region);
      this.#lengths.push(size);
      this.#views.push(region.slab.bytes.subarray(from, from + size));
      left -= size;
      burstLeft -= size;
      if (burstLeft === 0) burstLeft = parameters.maxBurstLength;
    }
    return this.#views;
  }

  override end(status: number, dataInLength: number, sense: Uint8Array | undefined): void {
    const session = this.#session;
    if (session.closed) {
      // Its nexus ends, and nothing may follow what the initiator was told last.
      this.discard();
      return;
    }
    // The place in the window is free before the answer is composed, so that it says so.
    session.taskEnds(this);
    const statusInData = status === Status.good && dataInLength > 0;
    if (dataInLength > 0) this.#sendData(dataInLength, statusInData);
    this.#cancelRegions();
    if (!statusInData) this.#sendResponse(status, dataInLength, sense);
    session.traffic.count(dataInLength, this.receivedLength);
    this.#release();
    session.recycle(this);
  }

  override discard(): void {
    this.#session.taskEnds(this);
    this.#cancelRegions();
    this.#release();
    this.#session.recycle(this);
  }

  #sendData(dataInLength: number, statusInData: boolean): void {
    const { writer, parameters } = this.#session;
    let offset = 0;
    let dataSn = 0;
    for (let i = 0; i < this.#regions.length && offset < dataInLength; i++) {
      const region = this.#regions[i]!;
      const reserved = this.#lengths[i]!;
      const length = Math.min(reserved, dataInLength - offset);
      const end = offset + length;
      const last = end === dataInLength;
      let flags = last || end % parameters.maxBurstLength === 0 ? FINAL : 0;
      const withStatus = last && statusInData;
      if (withStatus) flags |= STATUS_PRESENT | this.#residualFlag(dataInLength);
      const bytes = writer.header(region, Opcode.dataIn, flags, length, this.tag);
      const base = region.start;
      DataIn.targetTransferTag.set(bytes, RESERVED_TAG, base);
      DataIn.dataSn.set(bytes, dataSn, base);
      DataIn.bufferOffset.set(bytes, offset, base);
      if (withStatus) {
        DataIn.status.set(bytes, Status.good, base);
        DataIn.residualCount.set(bytes, this.#residualCount(dataInLength), base);
        writer.sequenceNumbers(region, true);
      } else {
        writer.expectedNumbers(region);
      }
      writer.send(region, length, reserved, withStatus);
      this.#lengths[i] = -1;
      offset = end;
      dataSn++;
    }
    this.#dataInPdus = dataSn;
  }

  #dataInPdus = 0;

  #sendResponse(status: number, dataInLength: number, sense: Uint8Array | undefined): void {
    const { writer } = this.#session;
    const senseLength = sense === undefined ? 0 : sense.length + 2;
    const region = writer.reserve(senseLength);
    const flags = FINAL | this.#residualFlag(dataInLength);
    const bytes = writer.header(region, Opcode.scsiResponse, flags, senseLength, this.tag);
    const base = region.start;
    ScsiResponse.status.set(bytes, status, base);
    ScsiResponse.expDataSn.set(bytes, this.#dataInPdus, base);
    ScsiResponse.residualCount.set(bytes, this.#residualCount(dataInLength), base);
    if (sense !== undefined) {
      const at = base + writer.dataOffset;
      bytes[at] = sense.length >>> 8;
      bytes[at + 1] = sense.length;
      bytes.set(sense, at + 2);
    }
    writer.sequenceNumbers(region, true);
    writer.send(region, senseLength, senseLength, true);
  }

  /** The Expected Data Transfer Length as the initiator sent it. */
  get #expected(): number {
    return this.dataOutExpected > 0 ? this.dataOutExpected : this.dataInExpected;
  }

  #residualFlag(dataInLength: number): number {
    if (this.transferLength > this.#expected) return OVERFLOW;
    return this.#residualCount(dataInLength) > 0 ? UNDERFLOW : 0;
  }

  #residualCount(dataInLength: number): number {
    const expected = this.#expected;
    if (this.transferLength > expected) return this.transferLength - expected;
    const moved = this.dataOutExpected > 0 ? this.transferLength : dataInLength;
    return expected - moved;
  }

  #copy(piece: Uint8Array): void {
    const last = this.dataOut.length - 1;
    let chunk = this.#chunk;
    let used = chunk === undefined ? 0 : this.dataOut[last]!.length;
    if (chunk === undefined || chunk.length - used < piece.length) {
      const expected = this.gatheredBytes - this.receivedLength;
      chunk = new Uint8Array(Math.max(piece.length, Math.min(expected, GATHER_CHUNK_BYTES)));
      used = 0;
      this.#chunk = chunk;
      this.dataOut.push(chunk);
      this.#slabs.push(undefined);
    }
    chunk.set(piece, used);
    this.dataOut[this.dataOut.length - 1] = chunk.subarray(0, used + piece.length);
    this.receivedLength += piece.length;
  }

  #cancelRegions(): void {
    const { writer } = this.#session;
    for (let i = 0; i < this.#regions.length; i++) {
      const reserved = this.#lengths[i]!;
      if (reserved >= 0) writer.queue.cancel(this.#regions[i]!, writer.wireLength(reserved));
    }
  }

  #release(): void {
    for (const slab of this.#slabs) slab?.release();
    clearList(this.#slabs);
    clearList(this.dataOut);
    clearList(this.#regions);
    clearList(this.#lengths);
    clearList(this.#views);
    this.#dataInPdus = 0;
    this.#chunk = undefined;
    this.receivedLength = 0;
    this.transferLength = 0;
    this.burst = undefined;
    this.executingBytes = 0;
  }
}
