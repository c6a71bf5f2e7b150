import type { Clock } from '../base/clock.ts';
import type { FreeList } from '../base/free-list.ts';
import type { Log } from '../base/log.ts';
import type { Nexus } from '../scsi/nexus.ts';
import type { TransportFault } from '../scsi/task.ts';
import { CommandWindow } from './command-window.ts';
import type { DataAccount } from './data-account.ts';
import { DataOut } from './data-out.ts';
import type { DiscoveryService } from './discovery.ts';
import { HeldCommands } from './held-commands.ts';
import type { IscsiTask } from './iscsi-task.ts';
import {
  HELD_BYTES_MAX,
  IMMEDIATE_COMMANDS_MAX,
  LOGIN_BUFFER_BYTES,
  LOGIN_DATA_SEGMENT_BYTES_MAX,
  MANAGEMENT_REQUESTS_MAX,
  SEND_DATA_SEGMENT_BYTES_MAX,
  SLAB_BYTES,
} from './limits.ts';
import type { Admitted } from './login/login-identity.ts';
import type { SessionParameters } from './login/session-parameters.ts';
import { startScsiCommand } from './scsi-command.ts';
import { answerLogout, answerNopOut, answerText, reject } from './session-requests.ts';
import { Bhs, NopOut, Opcode, RESERVED_TAG } from './standard/bhs.ts';
import { RejectReason } from './standard/reject-reason.ts';
import { manageTasks } from './task-management.ts';
import type { Traffic } from './traffic.ts';
import type { Pdu } from './wire/pdu.ts';
import { PduWriter } from './wire/pdu-writer.ts';
import type { SendQueue } from './wire/send-queue.ts';

/** Who has the session, as it is listed and as reinstatement finds it. */
export interface SessionIdentity extends Admitted {
  /** 12 hex digits. */
  readonly isid: string;
  readonly portalGroupTag: number;
  readonly tsih: number;
  readonly cid: number;
}

export interface SessionOptions {
  readonly identity: SessionIdentity;
  readonly parameters: SessionParameters;
  /** Undefined for a discovery session. */
  readonly nexus: Nexus | undefined;
  readonly discovery: DiscoveryService;
  readonly queue: SendQueue;
  /** What its commands hold in memory; closed with it. */
  readonly account: DataAccount;
  /** Tasks that are not in use, of all sessions. */
  readonly tasks: FreeList<IscsiTask>;
  readonly clock: Clock;
  readonly log: Log;
  readonly traffic: Traffic;
  readonly queueDepth: number;
  /** CmdSN of the first command, StatSN of the next status. */
  readonly cmdSn: number;
  readonly statSn: number;
  /** Ends the connection: at once, or after what is queued has been sent. */
  readonly end: (reason: string, when: 'now' | 'afterSending') => void;
  /** Ends the other sessions of this target. */
  readonly endTarget: (reason: string) => void;
}

/** Requests that carry a CmdSN (RFC 7143, command numbering). */
const NUMBERED: ReadonlySet<number> = new Set([
  Opcode.nopOut,
  Opcode.scsiCommand,
  Opcode.taskManagementRequest,
  Opcode.textRequest,
  Opcode.logoutRequest,
]);

/** A session in full feature phase, with its one connection (ErrorRecoveryLevel 0). */
export class Session {
  readonly identity: SessionIdentity;
  readonly parameters: SessionParameters;
  readonly nexus: Nexus | undefined;
  readonly discovery: DiscoveryService;
  readonly clock: Clock;
  readonly log: Log;
  readonly traffic: Traffic;
  readonly account: DataAccount;
  readonly window: CommandWindow;
  readonly writer: PduWriter;
  readonly dataOut: DataOut;
  dataInSegmentMax: number;
  readonly #segmentMax: number;
  readonly end: SessionOptions['end'];
  readonly endTarget: SessionOptions['endTarget'];
  readonly held: HeldCommands;
  readonly #tasks: FreeList<IscsiTask>;
  #immediateCommands = 0;
  #managing = 0;
  #closed = false;
  #closing: Promise<void> | undefined = undefined;

  constructor(options: SessionOptions) {
    this.identity = options.identity;
    this.parameters = options.parameters;
    this.nexus = options.nexus;
    this.discovery = options.discovery;
    this.clock = options.clock;
    this.log = options.log;
    this.traffic = options.traffic;
    this.end = options.end;
    this.endTarget = options.endTarget;
    this.account = options.account;
    this.#tasks = options.tasks;
    this.window = new CommandWindow(options.cmdSn, options.queueDepth, this.account);
    this.writer = new PduWriter(options.queue, this.window, options.statSn);
    this.writer.useDigests(this.parameters.headerDigest, this.parameters.dataDigest);
    this.account.isSending = () => options.queue.unsentBytes >= SLAB_BYTES;
    this.dataOut = new DataOut(this);
    const isDiscovery = options.nexus === undefined;
    this.#segmentMax = isDiscovery ? LOGIN_DATA_SEGMENT_BYTES_MAX : SEND_DATA_SEGMENT_BYTES_MAX;
    this.held = new HeldCommands(isDiscovery ? LOGIN_BUFFER_BYTES : HELD_BYTES_MAX);
    this.dataInSegmentMax = 0;
    this.declareSegmentLength(this.parameters.initiatorMaxRecvDataSegmentLength);
  }

  /** False while the initiator must take answers before more of its requests are read. */
  get ready(): boolean {
    const { queue } = this.writer;
    if (!queue.hasRoom) return false;
    return queue.unsentBytes < SLAB_BYTES || this.account.roomBytes > 0;
  }

  /** Nothing that its initiator sent waits for an end or for its answer to leave. */
  get idle(): boolean {
    const outstanding = this.nexus?.outstanding ?? 0;
    return outstanding === 0 && this.held.size === 0 && this.writer.queue.idle;
  }

  get closed(): boolean {
    return this.#closed;
  }

  onPdu(pdu: Pdu, intact: boolean): void {
    if (this.#closed) return;
    const opcode = pdu.opcode;
    if (NUMBERED.has(opcode)) this.#onNumbered(pdu, intact);
    else if (opcode === Opcode.dataOut) this.#onDataOut(pdu, intact);
    else this.#refuse(pdu, opcode);
  }

  /** A command's data-out is whole: it runs. Called by `DataOut`. */
  dataOutComplete(task: IscsiTask): void {
    task.owner?.dataOutArrived();
  }

  /** A command has the room that it claimed. */
  granted(task: IscsiTask): void {
    // A bidirectional command may wait for data-in, so what it offers does not tell.
    if (task.dataOutExpected > 0 && this.dataOut.granted(task)) return;
    task.owner?.dataInGranted();
  }

  /** Called by `DataOut`: a command's data phase went wrong. */
  fail(task: IscsiTask, fault: TransportFault): void {
    task.owner?.fail(fault);
  }

  /** The initiator declared a new MaxRecvDataSegmentLength. */
  declareSegmentLength(length: number): void {
    this.dataInSegmentMax = Math.min(length, this.#segmentMax);
  }

  takeTask(): IscsiTask {
    const task = this.#tasks.take();
    task.begin(this);
    return task;
  }

  /** Called by a task when it ends, before its answer is composed. */
  taskEnds(task: IscsiTask): void {
    this.dataOut.forget(task);
    task.giveBack(this.account);
    if (task.numbered) {
      this.window.finished();
    } else {
      this.#immediateCommands--;
      this.account.retract();
    }
  }

  recycle(task: IscsiTask): void {
    this.#tasks.put(task);
  }

  /** Resolves when nothing of this session is under way any more. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.dataOut.close();
    this.account.close();
    await this.nexus?.close();
  }

  #onNumbered(pdu: Pdu, intact: boolean): void {
    if (pdu.immediate) {
      this.#execute(pdu, intact, false);
      return;
    }
    const cmdSn = NopOut.cmdSn.get(pdu.bytes, pdu.base);
    const arrival = this.window.judge(cmdSn);
    if (arrival === 'ignored') return;
    if (arrival === 'early') {
      if (!this.held.hold(cmdSn, pdu, intact)) this.end('too many commands out of order', 'now');
      return;
    }
    this.window.advance();
    this.#execute(pdu, intact, true);
    this.executeHeld();
  }

  /** Executes what was held for the CmdSN that is expected now. */
  executeHeld(): void {
    for (;;) {
      if (this.held.size === 0 || this.#closed) return;
      const next = this.held.take(this.window.expCmdSn);
      if (next === undefined) return;
      this.window.advance();
      if (next.pdu === undefined) this.window.finished();
      else this.#execute(next.pdu, next.intact, true);
    }
  }

  #execute(pdu: Pdu, intact: boolean, numbered: boolean): void {
    if (!intact) {
      // The command is lost with its data, and level 0 has no way to send it again.
      reject(this, pdu, RejectReason.dataDigestError);
      this.end('data digest error in a command', 'afterSending');
      return;
    }
    if (pdu.opcode === Opcode.scsiCommand) {
      this.#onScsiCommand(pdu, numbered);
      return;
    }
    if (numbered) this.window.finished();
    switch (pdu.opcode) {
      case Opcode.nopOut:
        answerNopOut(this, pdu);
        break;
      case Opcode.taskManagementRequest:
        this.#onTaskManagement(pdu);
        break;
      case Opcode.textRequest:
        answerText(this, pdu);
        break;
      default:
        answerLogout(this, pdu);
    }
  }

  #onTaskManagement(pdu: Pdu): void {
    if (this.nexus === undefined) {
      reject(this, pdu, RejectReason.protocolError);
    } else if (this.#managing >= MANAGEMENT_REQUESTS_MAX) {
      reject(this, pdu, RejectReason.immediateCommandReject);
    } else {
      this.#managing++;
      manageTasks(this, this.nexus, pdu, () => this.#managing--);
    }
  }

  #onScsiCommand(pdu: Pdu, numbered: boolean): void {
    const tag = NopOut.initiatorTaskTag.get(pdu.bytes, pdu.base);
    if (this.nexus === undefined || tag === RESERVED_TAG) {
      if (numbered) this.window.finished();
      reject(this, pdu, RejectReason.protocolError);
      return;
    }
    if (!numbered) {
      if (this.#immediateCommands >= IMMEDIATE_COMMANDS_MAX || !this.account.invite()) {
        reject(this, pdu, RejectReason.immediateCommandReject);
        return;
      }
      this.#immediateCommands++;
    }
    startScsiCommand(this, this.nexus, pdu, numbered);
  }

  #onDataOut(pdu: Pdu, intact: boolean): void {
    if (!intact) reject(this, pdu, RejectReason.dataDigestError);
    if (this.dataOut.onPdu(pdu, intact) === 'taken') return;
    reject(this, pdu, RejectReason.protocolError);
    this.end('Data-Out that nobody asked for', 'afterSending');
  }

  #refuse(pdu: Pdu, opcode: number): void {
    if (opcode === Opcode.snackRequest) {
      reject(this, pdu, RejectReason.snackReject);
    } else if (opcode === Opcode.loginRequest) {
      reject(this, pdu, RejectReason.protocolError);
      this.end('Login Request in full feature phase', 'afterSending');
    } else {
      reject(this, pdu, RejectReason.commandNotSupported);
      // An unknown command that takes a CmdSN leaves a hole; the initiator fills it or gives up.
      this.log.debug('PDU of unknown opcode', { opcode: Bhs.opcode.get(pdu.bytes, pdu.base) });
    }
  }
}
