import { assert } from '../base/assert.ts';
import { clearList } from '../base/clear-list.ts';
import type { Slab } from '../base/slab-pool.ts';
import { Status } from '../scsi/status.ts';
import { Task } from '../scsi/task.ts';
import type { Claim, DataAccount } from './data-account.ts';
import type { DataOutBurst } from './data-out.ts';
import { GATHER_CHUNK_BYTES, GATHER_COPY_BYTES_MAX, SLAB_BYTES } from './limits.ts';
import type { Session } from './session.ts';
import { CDB_FIELD_LENGTH, DataIn, Opcode, RESERVED_TAG, ScsiResponse } from './standard/bhs.ts';
import type { Region } from './wire/send-queue.ts';

const FINAL = 0x80;
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;
/** The same two flags of the read residual are so many bits higher. */
const BIDIRECTIONAL_READ_SHIFT = 2;
const STATUS_PRESENT = 0x01;

/** A SCSI command of a session: its buffers, its data-out, and the PDUs that answer it. */
export class IscsiTask extends Task implements Claim {
  override readonly dataOut: Uint8Array[] = [];
  #owner: Session | undefined = undefined;
  /** The slabs behind `dataOut`, entry for entry. */
  readonly #slabs: (Slab | undefined)[] = [];
  /** Data-out that is there. */
  receivedLength = 0;
  /** Data-out that is there or may come. */
  invitedLength = 0;
  /** The command takes a place in the CmdSN window. */
  numbered = true;
  /** R and W are both set. */
  bidirectional = false;
  /** The initiator sends more data without being asked (F bit clear). */
  burst: DataOutBurst | undefined = undefined;
  claimedBytes = 0;
  #isGranted = false;
  /**
   * Counted for it: room that was granted for data that is not there, or was copied into it. Less
   * than nothing where received data stays in its slab, which is counted, and was paid for before,
   * by the command window.
   */
  heldBytes = 0;
  /** The last entry of `dataOut` is the used part of this; undefined: it is a receive buffer's. */
  #chunk: Uint8Array | undefined = undefined;

  readonly #regions: Region[] = [];
  readonly #lengths: number[] = [];
  readonly #views: Uint8Array[] = [];

  get #session(): Session {
    assert(this.#owner !== undefined, 'a task in use belongs to a session');
    return this.#owner;
  }

  /** Takes the task into use. */
  begin(session: Session): void {
    this.#owner = session;
  }

  /** Keeps data of a command that has all of it and so, as a rule, runs at once. */
  addDataOut(pieces: readonly Uint8Array[], slabs: readonly (Slab | undefined)[]): void {
    this.#add(pieces, slabs, 0);
  }

  /**
   * Keeps data of a command that waits for more. Short pieces are copied: a byte here and there
   * would keep whole receive buffers for as long as the initiator likes.
   */
  gatherDataOut(pieces: readonly Uint8Array[], slabs: readonly (Slab | undefined)[]): void {
    this.#add(pieces, slabs, GATHER_COPY_BYTES_MAX);
  }

  /** The command has to wait for others: copies what it keeps short pieces of. */
  override retainDataOut(): void {
    for (let i = 0; i < this.dataOut.length; i++) {
      const piece = this.dataOut[i]!;
      const slab = this.#slabs[i];
      if (slab === undefined || piece.length >= GATHER_COPY_BYTES_MAX) continue;
      this.#session.account.hold(piece.length);
      this.heldBytes += piece.length;
      this.dataOut[i] = piece.slice();
      this.#slabs[i] = undefined;
      slab.release();
    }
  }

  override requestDataOut(length: number): boolean {
    return this.#session.dataOut.request(this, Math.min(length, this.dataOutExpected));
  }

  override requestDataIn(length: number): boolean {
    return this.claim(length);
  }

  /** Asks for room; false: `granted` is called once it is there. */
  claim(bytes: number): boolean {
    this.heldBytes += bytes;
    this.#isGranted = this.#session.account.claim(this, bytes);
    return this.#isGranted;
  }

  /** The command ends: gives back what was counted for it, and what it waits for. */
  giveBack(account: DataAccount): void {
    if (this.claimedBytes > 0) {
      this.heldBytes -= this.claimedBytes;
      account.withdraw(this);
    }
    if (this.heldBytes !== 0) account.release(this.heldBytes);
    this.heldBytes = 0;
    if (this.#isGranted) account.settle();
    this.#isGranted = false;
  }

  granted(): void {
    this.#isGranted = true;
    this.#session.granted(this);
  }

  override allocateDataIn(length: number): readonly Uint8Array[] {
    const { account, writer, dataInSegmentMax, parameters } = this.#session;
    let left = Math.min(length, this.dataInExpected);
    let burstLeft = parameters.maxBurstLength;
    while (left > 0) {
      const size = Math.min(left, dataInSegmentMax, burstLeft);
      const region = writer.reserve(size);
      this.#regions.push(region);
      this.#lengths.push(size);
      this.#views.push(region.slab.view(region.start + writer.dataOffset, size));
      left -= size;
      burstLeft -= size;
      if (burstLeft === 0) burstLeft = parameters.maxBurstLength;
    }
    // The slabs behind the regions count now.
    account.release(this.heldBytes);
    this.heldBytes = 0;
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
    // The status of a bidirectional command always has a PDU of its own.
    const statusInData = status === Status.good && dataInLength > 0 && !this.bidirectional;
    if (dataInLength > 0) this.#sendData(dataInLength, statusInData);
    this.#cancelRegions();
    if (!statusInData) this.#sendResponse(status, dataInLength, sense);
    session.traffic.count(dataInLength, this.receivedLength);
    this.#release(session);
  }

  override discard(): void {
    const session = this.#session;
    session.taskEnds(this);
    this.#cancelRegions();
    this.#release(session);
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
      const residual = withStatus ? this.#residual(dataInLength) : 0;
      if (withStatus) flags |= STATUS_PRESENT | residualFlag(residual);
      const bytes = writer.header(region, Opcode.dataIn, flags, length, this.tag);
      const base = region.start;
      DataIn.targetTransferTag.set(bytes, RESERVED_TAG, base);
      DataIn.dataSn.set(bytes, dataSn, base);
      DataIn.bufferOffset.set(bytes, offset, base);
      if (withStatus) {
        DataIn.status.set(bytes, Status.good, base);
        DataIn.residualCount.set(bytes, Math.abs(residual), base);
        writer.sequenceNumbers(region, true);
      } else {
        writer.expectedNumbers(region);
      }
      writer.send(region, length, withStatus);
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
    const residual = this.#residual(dataInLength);
    const readResidual = this.bidirectional ? this.#bidirectionalReadResidual(dataInLength) : 0;
    const flags =
      FINAL | residualFlag(residual) | (residualFlag(readResidual) << BIDIRECTIONAL_READ_SHIFT);
    const bytes = writer.header(region, Opcode.scsiResponse, flags, senseLength, this.tag);
    const base = region.start;
    ScsiResponse.status.set(bytes, status, base);
    ScsiResponse.expDataSn.set(bytes, this.#dataInPdus, base);
    ScsiResponse.residualCount.set(bytes, Math.abs(residual), base);
    ScsiResponse.bidirectionalReadResidualCount.set(bytes, Math.abs(readResidual), base);
    if (sense !== undefined) {
      const at = base + writer.dataOffset;
      bytes[at] = sense.length >>> 8;
      bytes[at + 1] = sense.length;
      bytes.set(sense, at + 2);
    }
    writer.sequenceNumbers(region, true);
    writer.send(region, senseLength, true);
  }

  /** What the Expected Data Transfer Length is off by: above 0 an overflow, below an underflow. */
  #residual(dataInLength: number): number {
    const { transferLength, dataOutExpected } = this;
    if (this.bidirectional) return (this.returnsData ? 0 : transferLength) - dataOutExpected;
    if (dataOutExpected > 0) return transferLength - dataOutExpected;
    return this.#readResidual(transferLength, dataInLength);
  }

  #bidirectionalReadResidual(dataInLength: number): number {
    return this.#readResidual(this.returnsData ? this.transferLength : 0, dataInLength);
  }

  #readResidual(wanted: number, dataInLength: number): number {
    const { dataInExpected } = this;
    return (wanted > dataInExpected ? wanted : dataInLength) - dataInExpected;
  }

  /**
   * Keeps pieces where they are, if they have `lengthMin` and the session has room for one more
   * slab; copies them else, into memory that was counted when they were invited.
   */
  #add(
    pieces: readonly Uint8Array[],
    slabs: readonly (Slab | undefined)[],
    lengthMin: number,
  ): void {
    const { account } = this.#session;
    for (let i = 0; i < pieces.length; i++) {
      const slab = slabs[i];
      const piece = this.#chunk === undefined ? pieces[i]! : this.#fillChunk(pieces[i]!);
      if (piece.length === 0) continue;
      const stays =
        slab === undefined
          ? 2 * piece.length >= piece.buffer.byteLength
          : piece.length >= lengthMin && account.hasRoomFor(SLAB_BYTES);
      if (stays) this.#keep(piece, slab);
      else this.#copy(piece);
    }
  }

  #keep(piece: Uint8Array, slab: Slab | undefined): void {
    slab?.hold();
    this.dataOut.push(piece);
    this.#slabs.push(slab);
    this.#chunk = undefined;
    this.receivedLength += piece.length;
    if (slab === undefined) return;
    // Its slab is counted, and room for its bytes was counted when they were invited.
    this.#session.account.release(piece.length);
    this.heldBytes -= piece.length;
  }

  /** Puts what it can into the chunk in use; returns the rest. */
  #fillChunk(piece: Uint8Array): Uint8Array {
    const chunk = this.#chunk!;
    const last = this.dataOut.length - 1;
    const used = this.dataOut[last]!.length;
    const length = Math.min(piece.length, chunk.length - used);
    if (length === 0) return piece;
    chunk.set(length === piece.length ? piece : piece.subarray(0, length), used);
    this.dataOut[last] = chunk.subarray(0, used + length);
    this.receivedLength += length;
    return piece.subarray(length);
  }

  /** Begins a chunk: as long as the piece; longer if copies came before, so more of them follow. */
  #copy(piece: Uint8Array): void {
    const left = this.invitedLength - this.receivedLength;
    const room = this.#chunk === undefined ? 0 : Math.min(left, GATHER_CHUNK_BYTES);
    const chunk = new Uint8Array(Math.max(piece.length, room));
    chunk.set(piece);
    this.#chunk = chunk;
    this.dataOut.push(chunk.subarray(0, piece.length));
    this.#slabs.push(undefined);
    this.receivedLength += piece.length;
  }

  #cancelRegions(): void {
    const { queue } = this.#session.writer;
    for (let i = 0; i < this.#regions.length; i++) {
      if (this.#lengths[i]! >= 0) queue.cancel(this.#regions[i]!);
    }
  }

  #release(session: Session): void {
    for (const slab of this.#slabs) slab?.release();
    clearList(this.#slabs);
    clearList(this.dataOut);
    clearList(this.#regions);
    clearList(this.#lengths);
    clearList(this.#views);
    this.#dataInPdus = 0;
    this.#chunk = undefined;
    this.receivedLength = 0;
    this.invitedLength = 0;
    this.transferLength = 0;
    this.burst = undefined;
    // Whoever has it next, it keeps nothing of this session alive.
    this.#owner = undefined;
    if (this.cdbLength > CDB_FIELD_LENGTH) this.cdb.fill(0);
    session.recycle(this);
  }
}

function residualFlag(residual: number): number {
  if (residual === 0) return 0;
  return residual > 0 ? OVERFLOW : UNDERFLOW;
}
