import type { Clock } from '../base/clock.ts';
import type { TransportFault } from '../scsi/task.ts';
import type { IscsiTask } from './iscsi-task.ts';
import { DATA_OUT_MAX_MS, DATA_OUT_TIMEOUT_MS, SOLICITED_BURSTS_MAX } from './limits.ts';
import type { SessionParameters } from './login/session-parameters.ts';
import { DataOut as DataOutPdu, Opcode, R2t, RESERVED_TAG } from './standard/bhs.ts';
import type { Pdu } from './wire/pdu.ts';
import type { PduWriter } from './wire/pdu-writer.ts';

const FINAL = 0x80;

/**
 * A sequence of Data-Out PDUs that the initiator owes: unsolicited, or the answer to an R2T. It is
 * over when F is set, not when its bytes are complete: its last PDU may have no data.
 */
export interface DataOutBurst {
  /** Undefined: its command is over; what comes is dropped. */
  task: IscsiTask | undefined;
  readonly tag: number;
  /** RESERVED_TAG for the unsolicited one. */
  readonly targetTransferTag: number;
  /** Where it began, goes on and ends, in the command's data. */
  readonly start: number;
  offset: number;
  readonly end: number;
  dataSn: number;
  /** Put off by its data; while its command lives, by data of other commands too. */
  deadline: number;
  /** Of its command, and put off by nothing that the initiator does. */
  limit: number;
}

/** A command whose data-out is solicited. */
interface Solicitation {
  readonly task: IscsiTask;
  readonly length: number;
  requestedTo: number;
  outstanding: number;
  r2tSn: number;
  /** When all of its data is due. */
  limit: number;
}

export interface DataOutOwner {
  readonly clock: Clock;
  readonly writer: PduWriter;
  readonly parameters: SessionParameters;
  /** All data that the command asked for is there. */
  dataOutComplete(task: IscsiTask): void;
  fail(task: IscsiTask, fault: TransportFault): void;
}

/** What a Data-Out PDU that breaks the rules means for its connection. */
export type DataOutVerdict = 'taken' | 'protocolError';

/**
 * The data-out of a session's commands: unsolicited bursts, R2Ts (several outstanding for one
 * command), and their deadlines. A command claims room for all that it solicits before its first
 * R2T; what comes unsolicited was counted with the command window.
 */
export class DataOut {
  readonly #owner: DataOutOwner;
  /** Unsolicited bursts by Initiator Task Tag, solicited ones by Target Transfer Tag. */
  readonly #unsolicited = new Map<number, DataOutBurst>();
  readonly #solicited = new Map<number, DataOutBurst>();
  readonly #solicitations = new Map<IscsiTask, Solicitation>();
  /** Commands whose next R2T waits until fewer are outstanding. */
  readonly #waiting = new Set<Solicitation>();
  #nextTag = 1;
  /** When more data is due, of whatever burst: on a slow link the later ones wait for the earlier. */
  #dueMs = 0;
  #onDrained: (() => void)[] = [];

  constructor(owner: DataOutOwner) {
    this.#owner = owner;
  }

  /** A command announced unsolicited Data-Out PDUs behind its immediate data, if only an empty one. */
  expectUnsolicited(task: IscsiTask, tag: number, end: number): void {
    const limit = this.#owner.clock.now() + DATA_OUT_MAX_MS;
    const burst = this.#burst(task, tag, RESERVED_TAG, task.receivedLength, end, limit);
    task.invitedLength = end;
    task.burst = burst;
    this.#unsolicited.set(tag, burst);
  }

  /** Bursts that are remembered, those that are owed to aborted commands too. */
  get bursts(): number {
    return this.#unsolicited.size + this.#solicited.size;
  }

  /** See `Task.requestDataOut`. */
  request(task: IscsiTask, length: number): boolean {
    if (task.burst === undefined && task.receivedLength >= length) return true;
    const solicitation = { task, length, requestedTo: 0, outstanding: 0, r2tSn: 0, limit: 0 };
    this.#solicitations.set(task, solicitation);
    if (task.burst === undefined) this.#claim(solicitation);
    return false;
  }

  /** The room that a command claimed is there. False: it is not for data-out. */
  granted(task: IscsiTask): boolean {
    const solicitation = this.#solicitations.get(task);
    if (solicitation === undefined) return false;
    task.invitedLength = solicitation.length;
    solicitation.requestedTo = task.receivedLength;
    solicitation.limit = this.#owner.clock.now() + DATA_OUT_MAX_MS;
    this.#solicit(solicitation);
    return true;
  }

  onPdu(pdu: Pdu, intact: boolean): DataOutVerdict {
    const { bytes, base } = pdu;
    const ttt = DataOutPdu.targetTransferTag.get(bytes, base);
    const tag = DataOutPdu.initiatorTaskTag.get(bytes, base);
    const burst = ttt === RESERVED_TAG ? this.#unsolicited.get(tag) : this.#solicited.get(ttt);
    // Data for a command that is over, or never was: nothing is owed, nothing is wrong.
    if (burst === undefined) return ttt === RESERVED_TAG ? 'taken' : 'protocolError';
    if (burst.tag !== tag) return 'protocolError';
    const final = DataOutPdu.final.get(bytes, base) === 1;
    const task = burst.task;
    if (task !== undefined) {
      const fault = this.#check(pdu, burst, intact, final);
      if (fault !== undefined) {
        burst.task = undefined;
        this.#owner.fail(task, fault);
      } else {
        task.gatherDataOut(pdu.data, pdu.slabs);
      }
    }
    burst.offset += pdu.dataLength;
    burst.dataSn = (burst.dataSn + 1) >>> 0;
    // Only data does: PDUs without could put it off for ever.
    if (pdu.dataLength > 0) {
      this.putOff(this.#owner.clock.now());
      burst.deadline = this.#dueMs;
    }
    if (final) this.#finish(burst);
    return 'taken';
  }

  /** Data came, or R2Ts wait behind answers that a slow link takes: more data is due later. */
  putOff(now: number): void {
    this.#dueMs = now + DATA_OUT_TIMEOUT_MS;
  }

  /** The command ended or was aborted: data still owed to it is dropped when it comes. */
  forget(task: IscsiTask): void {
    if (task.burst === undefined && this.#solicitations.size === 0) return;
    const solicitation = this.#solicitations.get(task);
    if (solicitation === undefined && task.burst === undefined) return;
    this.#solicitations.delete(task);
    if (task.burst !== undefined) this.#forgetUnsolicited(task.burst);
    for (const burst of this.#solicited.values()) {
      if (burst.task === task) burst.task = undefined;
    }
    if (solicitation !== undefined) this.#waiting.delete(solicitation);
    // Not now: many commands may be on their way out, and none of them is to be asked for more.
    if (this.#waiting.size > 0) this.#owner.clock.endOfTurn(() => this.serveWaiting());
  }

  /**
   * True when a burst has been owed for longer than its bound. What is owed to commands that are
   * over is given up then: initiators that abort a command may drop its data.
   */
  overdue(now: number): boolean {
    const isOverdue =
      this.#isOverdue(this.#unsolicited, now) || this.#isOverdue(this.#solicited, now);
    this.serveWaiting();
    return isOverdue;
  }

  /** True when the data of a command is not whole within its limit, whoever was slow. */
  isPastLimit(now: number): boolean {
    return isPastLimit(this.#unsolicited, now) || isPastLimit(this.#solicited, now);
  }

  /**
   * The initiator took no answers for so long, and was not read from: that does not count as
   * silence. It counts against the limit, or a command could keep its room for ever.
   */
  extend(byMs: number): void {
    this.#dueMs += byMs;
    for (const burst of this.#unsolicited.values()) burst.deadline += byMs;
    for (const burst of this.#solicited.values()) burst.deadline += byMs;
  }

  /** This gateway stood still for so long: nothing of that counts. */
  skipGap(byMs: number): void {
    this.extend(byMs);
    for (const burst of this.#unsolicited.values()) burst.limit += byMs;
    for (const burst of this.#solicited.values()) burst.limit += byMs;
    for (const solicitation of this.#solicitations.values()) solicitation.limit += byMs;
  }

  /** Whether bursts of commands that are over are still owed. */
  get draining(): boolean {
    for (const burst of this.#solicited.values()) if (burst.task === undefined) return true;
    return false;
  }

  /** Calls `action` once no burst of an aborted command is owed any more. */
  whenDrained(action: () => void): void {
    if (this.draining) this.#onDrained.push(action);
    else action();
  }

  close(): void {
    this.#unsolicited.clear();
    this.#solicited.clear();
    this.#solicitations.clear();
    this.#waiting.clear();
    this.#drained();
  }

  /**
   * Unsolicited data for a command that is over is dropped without being expected. To expect it
   * would take memory for commands that are over, and no window bounds how many of those there are.
   */
  #forgetUnsolicited(burst: DataOutBurst): void {
    burst.task = undefined;
    if (this.#unsolicited.get(burst.tag) === burst) this.#unsolicited.delete(burst.tag);
  }

  #isOverdue(bursts: Map<number, DataOutBurst>, now: number): boolean {
    for (const [tag, burst] of bursts) {
      if (now <= burst.deadline) continue;
      if (burst.task === undefined) bursts.delete(tag);
      else if (now > this.#dueMs) return true;
    }
    return false;
  }

  #check(
    pdu: Pdu,
    burst: DataOutBurst,
    intact: boolean,
    final: boolean,
  ): TransportFault | undefined {
    const { bytes, base } = pdu;
    if (!intact) return 'protocolServiceCrcError';
    const end = burst.offset + pdu.dataLength;
    const unsolicited = burst.targetTransferTag === RESERVED_TAG;
    if (end > burst.end) return unsolicited ? 'unexpectedUnsolicitedData' : 'dataPhaseError';
    const isAtOffset = DataOutPdu.bufferOffset.get(bytes, base) === burst.offset;
    // The offset of no data means nothing.
    if (pdu.dataLength > 0 && !isAtOffset) return 'dataPhaseError';
    if (burst.task?.receivedLength !== burst.offset) return 'dataPhaseError';
    if (DataOutPdu.dataSn.get(bytes, base) !== burst.dataSn) return 'dataPhaseError';
    // RFC 7143: an answer to an R2T that differs from what it asked for is an incorrect amount.
    if (final && !unsolicited && end !== burst.end) return 'notEnoughUnsolicitedData';
    return undefined;
  }

  #finish(burst: DataOutBurst): void {
    const task = burst.task;
    if (burst.targetTransferTag === RESERVED_TAG) {
      this.#unsolicited.delete(burst.tag);
      if (task !== undefined) task.burst = undefined;
    } else {
      this.#solicited.delete(burst.targetTransferTag);
    }
    if (task === undefined) this.#drained();
    const solicitation = task && this.#solicitations.get(task);
    if (solicitation !== undefined) {
      const unsolicited = burst.targetTransferTag === RESERVED_TAG;
      if (!unsolicited) solicitation.outstanding--;
      if (solicitation.task.receivedLength < solicitation.length) {
        if (unsolicited) this.#claim(solicitation);
        else this.#solicit(solicitation);
      } else if (solicitation.outstanding === 0) {
        this.#solicitations.delete(solicitation.task);
        this.#owner.dataOutComplete(solicitation.task);
      }
    }
    this.serveWaiting();
  }

  #claim(solicitation: Solicitation): void {
    const { task, length } = solicitation;
    if (task.claim(length - task.receivedLength)) this.granted(task);
  }

  /** Asks on for the commands that had to wait; called when others have run or ended. */
  serveWaiting(): void {
    for (const solicitation of this.#waiting) {
      if (this.#solicited.size >= SOLICITED_BURSTS_MAX) return;
      this.#waiting.delete(solicitation);
      this.#solicit(solicitation);
    }
  }

  /** Sends as many R2Ts as the negotiation and the bound of the session allow. */
  #solicit(solicitation: Solicitation): void {
    const { parameters } = this.#owner;
    while (
      solicitation.requestedTo < solicitation.length &&
      solicitation.outstanding < parameters.maxOutstandingR2t
    ) {
      if (this.#solicited.size >= SOLICITED_BURSTS_MAX) {
        this.#waiting.add(solicitation);
        return;
      }
      const start = solicitation.requestedTo;
      const end = Math.min(solicitation.length, start + parameters.maxBurstLength);
      this.#sendR2t(solicitation, start, end);
    }
  }

  #sendR2t(solicitation: Solicitation, start: number, end: number): void {
    const { task } = solicitation;
    const { writer } = this.#owner;
    const ttt = this.#takeTag();
    const burst = this.#burst(task, task.tag, ttt, start, end, solicitation.limit);
    this.#solicited.set(ttt, burst);
    solicitation.requestedTo = end;
    solicitation.outstanding++;
    const r2tSn = solicitation.r2tSn++;
    writer.compose(
      Opcode.r2t,
      FINAL,
      task.tag,
      undefined,
      (bytes, base) => {
        bytes.set(task.lun, base + 8);
        R2t.targetTransferTag.set(bytes, ttt, base);
        R2t.r2tSn.set(bytes, r2tSn, base);
        R2t.bufferOffset.set(bytes, start, base);
        R2t.desiredDataTransferLength.set(bytes, end - start, base);
      },
      false,
    );
  }

  #takeTag(): number {
    do {
      this.#nextTag = (this.#nextTag + 1) >>> 0;
    } while (this.#nextTag === RESERVED_TAG || this.#solicited.has(this.#nextTag));
    return this.#nextTag;
  }

  #burst(
    task: IscsiTask,
    tag: number,
    targetTransferTag: number,
    start: number,
    end: number,
    limit: number,
  ): DataOutBurst {
    const deadline = this.#owner.clock.now() + DATA_OUT_TIMEOUT_MS;
    return { task, tag, targetTransferTag, start, offset: start, end, dataSn: 0, deadline, limit };
  }

  #drained(): void {
    if (this.draining) return;
    const actions = this.#onDrained;
    this.#onDrained = [];
    for (const action of actions) action();
  }
}

function isPastLimit(bursts: ReadonlyMap<number, DataOutBurst>, now: number): boolean {
  for (const { task, limit } of bursts.values()) if (task !== undefined && now > limit) return true;
  return false;
}
