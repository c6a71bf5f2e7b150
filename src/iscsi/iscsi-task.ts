import { assert } from '../base/assert.ts';
import type { FreeList } from '../base/free-list.ts';
import { Status } from '../scsi/status.ts';
import { Task } from '../scsi/task.ts';
import type { CommandWindow } from './command-window.ts';
import type { DataAccount } from './data-account.ts';
import { DataHold, type DataHolder } from './data-hold.ts';
import { DataIn } from './data-in.ts';
import type { DataOut } from './data-out.ts';
import { DataOutBuffers } from './data-out-buffers.ts';
import type { DataOutBurst, DataOutCommand } from './data-out-burst.ts';
import { residualOf, type Transfer } from './residual.ts';
import { sendScsiResponse } from './scsi-response.ts';
import { CDB_FIELD_LENGTH } from './standard/bhs.ts';
import type { PduWriter } from './wire/pdu-writer.ts';

/** The parts that the SCSI commands of a session share. */
export interface CommandContext {
  readonly window: CommandWindow;
  readonly account: DataAccount;
  readonly dataOut: DataOut;
  readonly writer: PduWriter;
  readonly maxBurstLength: number;
  /** When the PDUs that are worked off now were taken up. */
  readonly receivedMs: number;
  /** The session ends: commands get no answers. */
  readonly closed: boolean;
}

/** A SCSI command of a session: its place, its data, and its answer. */
export class IscsiTask extends Task implements DataHolder, DataOutCommand, Transfer {
  readonly hold: DataHold = new DataHold(this);
  readonly received: DataOutBuffers = new DataOutBuffers(this.hold);
  override readonly dataOut: readonly Uint8Array[] = this.received.pieces;
  readonly #dataIn = new DataIn();
  /** Tasks that are not in use. */
  readonly #free: FreeList<IscsiTask>;
  #context: CommandContext | undefined = undefined;
  #isImmediate = false;
  /** R and W are both set. */
  bidirectional = false;
  /** The initiator sends more data without being asked (F bit clear). */
  burst: DataOutBurst | undefined = undefined;

  constructor(free: FreeList<IscsiTask>) {
    super();
    this.#free = free;
  }

  get #shared(): CommandContext {
    assert(this.#context !== undefined, 'a task in use belongs to a session');
    return this.#context;
  }

  /** Takes the task into use, for a command that has its place in the window. */
  begin(context: CommandContext, isImmediate: boolean): void {
    assert(this.#context === undefined, 'a task that begins is not in use');
    this.#context = context;
    this.receivedMs = context.receivedMs;
    this.#isImmediate = isImmediate;
    this.hold.begin(context.account);
  }

  override retainDataOut(): void {
    this.received.detach();
  }

  override requestDataOut(length: number): boolean {
    return this.#shared.dataOut.request(this, Math.min(length, this.dataOutExpected));
  }

  override requestDataIn(length: number): boolean {
    return this.hold.claim(length);
  }

  /** The room that it claimed is there. */
  granted(): void {
    // A bidirectional command may have claimed room for data-in instead.
    if (this.dataOutExpected > 0 && this.#shared.dataOut.granted(this)) return;
    this.owner?.dataInGranted();
  }

  override allocateDataIn(length: number): readonly Uint8Array[] {
    const { writer, maxBurstLength } = this.#shared;
    const wanted = Math.min(length, this.dataInExpected);
    const views = this.#dataIn.allocate(writer, maxBurstLength, wanted);
    // The slabs behind them are counted now.
    this.hold.releaseAll();
    return views;
  }

  override end(status: number, dataInLength: number, sense: Uint8Array | undefined): void {
    const context = this.#shared;
    if (context.closed) {
      // Its nexus ends, and no PDU may follow the last one.
      this.discard();
      return;
    }
    // Before the answer is composed, so that it says that the place in the window is free.
    this.#leave(context);
    this.#answer(context, status, dataInLength, sense);
    this.#recycle();
  }

  override discard(): void {
    const context = this.#shared;
    this.#leave(context);
    this.#dataIn.clear(context.writer);
    this.#recycle();
  }

  /** Returns the place and the memory of the command to its session. */
  #leave(context: CommandContext): void {
    context.dataOut.drop(this);
    this.hold.end();
    if (this.#isImmediate) context.window.finishedImmediate();
    else context.window.finished();
  }

  #answer(
    { writer, maxBurstLength }: CommandContext,
    status: number,
    dataInLength: number,
    sense: Uint8Array | undefined,
  ): void {
    // The status of a bidirectional command always has a PDU of its own.
    const isInData = status === Status.good && dataInLength > 0 && !this.bidirectional;
    let pdus = 0;
    if (dataInLength > 0) {
      const residual = isInData ? residualOf(this, dataInLength) : undefined;
      pdus = this.#dataIn.send(writer, this.tag, maxBurstLength, dataInLength, residual);
    }
    this.#dataIn.clear(writer);
    if (!isInData) sendScsiResponse(writer, this, status, dataInLength, pdus, sense);
  }

  #recycle(): void {
    this.received.clear();
    this.transferLength = 0;
    this.burst = undefined;
    // The free task must not keep objects of this session alive.
    this.#context = undefined;
    if (this.cdbLength > CDB_FIELD_LENGTH) this.cdb.fill(0);
    this.#free.put(this);
  }
}
