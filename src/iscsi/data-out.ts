import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { type DataOutBurst, type DataOutCommand, faultOf } from './data-out-burst.ts';
import { DATA_OUT_MAX_MS, SOLICITED_BURSTS_MAX } from './limits.ts';
import { OwedBursts } from './owed-bursts.ts';
import { sendR2t } from './r2t.ts';
import { DataOut as DataOutPdu, RESERVED_TAG } from './standard/bhs.ts';
import type { Pdu } from './wire/pdu.ts';
import type { PduWriter } from './wire/pdu-writer.ts';

/** A command whose data-out is solicited. */
interface Solicitation {
  readonly command: DataOutCommand;
  readonly length: number;
  requestedTo: number;
  outstanding: number;
  r2tSn: number;
  /** When all of its data is due. */
  limitMs: number;
}

/** The parameters for solicited data that the login negotiated. */
interface DataOutParameters {
  readonly maxBurstLength: number;
  readonly maxOutstandingR2t: number;
}

/** The consequence of a Data-Out PDU for its connection. */
type DataOutVerdict = 'taken' | 'protocolError';

/**
 * The data-out of a session's commands: unsolicited bursts, and R2Ts, of which several may be
 * outstanding for one command. A command claims room for all that it solicits before its first R2T;
 * unsolicited data was counted with the command window.
 */
export class DataOut {
  /** The data that the initiator owes, with deadlines. */
  readonly owed = new OwedBursts();
  readonly #clock: Clock;
  readonly #writer: PduWriter;
  readonly #parameters: DataOutParameters;
  readonly #solicitations = new Map<DataOutCommand, Solicitation>();
  /** Commands whose next R2T waits until fewer are outstanding. */
  readonly #waiting = new Set<Solicitation>();
  #onDrained: (() => void)[] = [];

  constructor(clock: Clock, writer: PduWriter, parameters: DataOutParameters) {
    this.#clock = clock;
    this.#writer = writer;
    this.#parameters = parameters;
  }

  /** A command announced unsolicited Data-Out PDUs, even if only an empty one. */
  expectUnsolicited(command: DataOutCommand, end: number): void {
    const { received } = command;
    const now = this.#clock.now();
    const limitMs = now + DATA_OUT_MAX_MS;
    received.invitedLength = end;
    command.burst = this.owed.addUnsolicited(command, received.length, end, now, limitMs);
  }

  /** See `Task.requestDataOut`. */
  request(command: DataOutCommand, length: number): boolean {
    const isUnsolicited = command.burst !== undefined;
    if (!isUnsolicited && command.received.length >= length) return true;
    assert(!this.#solicitations.has(command), 'a command asks for its data once');
    const none = { requestedTo: 0, outstanding: 0, r2tSn: 0, limitMs: 0 };
    const solicitation = { command, length, ...none };
    this.#solicitations.set(command, solicitation);
    if (!isUnsolicited) this.#claim(solicitation);
    return false;
  }

  /** The room that a command claimed is there. False: it is not for data-out. */
  granted(command: DataOutCommand): boolean {
    const solicitation = this.#solicitations.get(command);
    if (solicitation === undefined) return false;
    const { received } = command;
    received.invitedLength = solicitation.length;
    solicitation.requestedTo = received.length;
    solicitation.limitMs = this.#clock.now() + DATA_OUT_MAX_MS;
    this.#solicit(solicitation);
    return true;
  }

  onPdu(pdu: Pdu, intact: boolean): DataOutVerdict {
    const { bytes, base } = pdu;
    const targetTransferTag = DataOutPdu.targetTransferTag.get(bytes, base);
    const tag = DataOutPdu.initiatorTaskTag.get(bytes, base);
    const burst = this.owed.find(tag, targetTransferTag);
    if (burst === undefined) {
      // Data for a command that is over, or never was: nothing is owed, nothing is wrong.
      return targetTransferTag === RESERVED_TAG ? 'taken' : 'protocolError';
    }
    if (burst.tag !== tag) return 'protocolError';
    if (burst.command !== undefined) this.#take(pdu, burst, burst.command, intact);
    burst.offset += pdu.dataLength;
    burst.dataSn = (burst.dataSn + 1) >>> 0;
    // Only data does: PDUs without could put it off for ever.
    if (pdu.dataLength > 0) this.owed.progressed(burst, this.#clock.now());
    if (DataOutPdu.final.get(bytes, base) === 1) this.#finish(burst);
    return 'taken';
  }

  /** The command ended or was aborted: data still owed to it is dropped when it comes. */
  drop(command: DataOutCommand): void {
    if (command.burst === undefined && this.#solicitations.size === 0) return;
    const solicitation = this.#solicitations.get(command);
    if (solicitation === undefined && command.burst === undefined) return;
    this.#solicitations.delete(command);
    this.owed.release(command);
    if (solicitation !== undefined) this.#waiting.delete(solicitation);
  }

  /** As `OwedBursts.overdue`. */
  overdue(now: number): boolean {
    const isOverdue = this.owed.overdue(now);
    this.#serveWaiting();
    return isOverdue;
  }

  /** As `OwedBursts.skipGap`. */
  skipGap(byMs: number): void {
    this.owed.skipGap(byMs);
    for (const solicitation of this.#solicitations.values()) solicitation.limitMs += byMs;
  }

  /** Calls `action` when no burst of an aborted command is owed. */
  whenDrained(action: () => void): void {
    if (this.owed.isDraining) this.#onDrained.push(action);
    else action();
  }

  close(): void {
    this.owed.clear();
    this.#solicitations.clear();
    this.#waiting.clear();
    this.#drained();
  }

  #take(pdu: Pdu, burst: DataOutBurst, command: DataOutCommand, intact: boolean): void {
    const fault = faultOf(pdu, burst, intact);
    if (fault === undefined) {
      command.received.gather(pdu.data, pdu.slabs);
      return;
    }
    burst.command = undefined;
    command.owner?.fail(fault);
  }

  #finish(burst: DataOutBurst): void {
    const { command } = burst;
    this.owed.end(burst);
    if (command === undefined) this.#drained();
    else this.#ended(burst, command);
    this.#serveWaiting();
  }

  /** A burst of a command that lives is over: the next is asked for, or the command can go on. */
  #ended(burst: DataOutBurst, command: DataOutCommand): void {
    const isUnsolicited = burst.targetTransferTag === RESERVED_TAG;
    if (isUnsolicited) command.burst = undefined;
    const solicitation = this.#solicitations.get(command);
    if (solicitation === undefined) return;
    if (!isUnsolicited) {
      assert(solicitation.outstanding > 0, 'a burst that ends was asked for');
      solicitation.outstanding--;
    }
    if (command.received.length < solicitation.length) {
      if (isUnsolicited) this.#claim(solicitation);
      else this.#solicit(solicitation);
    } else if (solicitation.outstanding === 0) {
      this.#solicitations.delete(command);
      command.owner?.dataOutArrived();
    }
  }

  #claim({ command, length }: Solicitation): void {
    if (command.hold.claim(length - command.received.length)) this.granted(command);
  }

  /** Sends R2Ts of commands that waited; called when others have run or ended. */
  #serveWaiting(): void {
    for (const solicitation of this.#waiting) {
      if (this.owed.solicited >= SOLICITED_BURSTS_MAX) return;
      this.#waiting.delete(solicitation);
      this.#solicit(solicitation);
    }
  }

  /** Sends as many R2Ts as the negotiation and the bound of the session allow. */
  #solicit(solicitation: Solicitation): void {
    const { maxBurstLength, maxOutstandingR2t } = this.#parameters;
    const { command, length } = solicitation;
    while (solicitation.requestedTo < length && solicitation.outstanding < maxOutstandingR2t) {
      if (this.owed.solicited >= SOLICITED_BURSTS_MAX) {
        this.#waiting.add(solicitation);
        return;
      }
      const start = solicitation.requestedTo;
      const end = Math.min(length, start + maxBurstLength);
      const { limitMs } = solicitation;
      const burst = this.owed.addSolicited(command, start, end, this.#clock.now(), limitMs);
      solicitation.requestedTo = end;
      solicitation.outstanding++;
      sendR2t(this.#writer, command, burst, solicitation.r2tSn++);
    }
  }

  #drained(): void {
    if (this.owed.isDraining) return;
    const actions = this.#onDrained;
    this.#onDrained = [];
    for (const action of actions) action();
  }
}
