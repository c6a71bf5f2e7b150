import { type Clock, within } from '../base/clock.ts';
import type { FreeList } from '../base/free-list.ts';
import type { Log } from '../log/log.ts';
import type { IscsiTask } from './iscsi-task.ts';
import { LOGOUT_RELEASE_MAX_MS, SLAB_BYTES } from './limits.ts';
import { LOGOUT } from './login-log.ts';
import { type CommandFault, startScsiCommand } from './scsi-command.ts';
import type { Session } from './session.ts';
import {
  answerLogout,
  answerNopOut,
  answerText,
  type Logout,
  readLogout,
  sendReject,
} from './session-requests.ts';
import { NopOut, Opcode, RESERVED_TAG } from './standard/bhs.ts';
import { RejectReason } from './standard/reject-reason.ts';
import { TaskManagement } from './task-management.ts';
import type { Pdu } from './wire/pdu.ts';

interface FullFeatureOptions {
  readonly session: Session;
  /** Tasks that are not in use, of all sessions. */
  readonly tasks: FreeList<IscsiTask>;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the connection: at once, or after its queued PDUs have left. */
  readonly end: (reason: string, when: 'now' | 'afterSending') => void;
}

/** Requests that carry a CmdSN (RFC 7143, command numbering). */
const NUMBERED: ReadonlySet<number> = new Set([
  Opcode.nopOut,
  Opcode.scsiCommand,
  Opcode.taskManagementRequest,
  Opcode.textRequest,
  Opcode.logoutRequest,
]);

/** The PDUs of a connection after its login, dispatched by opcode; requests in CmdSN order. */
export class FullFeaturePhase {
  readonly #session: Session;
  readonly #options: FullFeatureOptions;
  readonly #management: TaskManagement | undefined;

  constructor(options: FullFeatureOptions) {
    const { session, clock } = options;
    this.#session = session;
    this.#options = options;
    this.#management =
      session.nexus &&
      new TaskManagement(session, session.nexus, clock, {
        skip: (cmdSn) => this.#skip(cmdSn),
        coldReset: () => this.#options.end('TARGET COLD RESET', 'afterSending'),
        fail: () => options.end('a task management function is not over in time', 'now'),
      });
  }

  /** False while the initiator must take answers before more of its requests are read. */
  get ready(): boolean {
    const { account, writer } = this.#session;
    const { queue } = writer;
    if (!queue.hasRoom) return false;
    return queue.unsentBytes < SLAB_BYTES || account.roomBytes > 0;
  }

  /** The PDUs of one read follow. */
  beginBatch(nowMs: number): void {
    this.#session.receivedMs = nowMs;
    this.#session.window.beginBatch();
  }

  onPdu(pdu: Pdu, intact: boolean): void {
    if (this.#session.closed) return;
    const { opcode } = pdu;
    if (opcode === Opcode.dataOut) this.#onDataOut(pdu, intact);
    else if (NUMBERED.has(opcode)) this.#onRequest(pdu, intact);
    else this.#refuse(pdu, opcode);
  }

  #onDataOut(pdu: Pdu, intact: boolean): void {
    if (!intact) this.#reject(pdu, RejectReason.dataDigestError);
    if (this.#session.dataOut.onPdu(pdu, intact) === 'taken') return;
    this.#reject(pdu, RejectReason.protocolError);
    this.#options.end('Data-Out that nobody asked for', 'afterSending');
  }

  #onRequest(pdu: Pdu, intact: boolean): void {
    if (pdu.immediate) {
      this.#execute(pdu, intact, true);
      return;
    }
    const { window, held } = this.#session;
    const cmdSn = NopOut.cmdSn.get(pdu.bytes, pdu.base);
    const arrival = window.classify(cmdSn);
    if (arrival === 'ignored') return;
    if (arrival === 'early') {
      if (held.hold(cmdSn, pdu, intact)) return;
      this.#options.end('too many commands out of order', 'now');
      return;
    }
    window.advance();
    this.#execute(pdu, intact, false);
    if (held.size > 0) this.#executeHeld();
  }

  /** Executes held requests as long as the next CmdSN is among them. */
  #executeHeld(): void {
    const { window, held } = this.#session;
    while (held.size > 0 && !this.#session.closed) {
      const next = held.take(window.expCmdSn);
      if (next === undefined) return;
      window.advance();
      if (next.pdu === undefined) window.finished();
      else this.#execute(next.pdu, next.intact, false);
    }
  }

  /** An aborted command that has not arrived. False: there is no room to remember it. */
  #skip(cmdSn: number): boolean {
    if (!this.#session.held.skip(cmdSn)) return false;
    this.#executeHeld();
    return true;
  }

  #execute(pdu: Pdu, intact: boolean, isImmediate: boolean): void {
    if (!intact) {
      // The command is lost with its data, and level 0 has no way to send it again.
      this.#reject(pdu, RejectReason.dataDigestError);
      this.#options.end('data digest error in a command', 'afterSending');
      return;
    }
    if (pdu.opcode === Opcode.scsiCommand) {
      this.#onScsiCommand(pdu, isImmediate);
      return;
    }
    if (!isImmediate) this.#session.window.finished();
    this.#answer(pdu);
  }

  #answer(pdu: Pdu): void {
    const { writer, discovery } = this.#session;
    let refused: RejectReason | undefined;
    switch (pdu.opcode) {
      case Opcode.nopOut:
        answerNopOut(writer, pdu);
        break;
      case Opcode.taskManagementRequest:
        refused =
          this.#management === undefined ? RejectReason.protocolError : this.#management.take(pdu);
        break;
      case Opcode.textRequest:
        refused = answerText(writer, discovery, pdu);
        break;
      default: {
        const logout = readLogout(pdu);
        if (logout === undefined) refused = RejectReason.invalidPduField;
        else this.#logout(logout);
      }
    }
    if (refused !== undefined) this.#reject(pdu, refused);
  }

  /** Its initiator may go on through another session once it is answered. */
  #logout(logout: Logout): void {
    const releasing = this.#session.nexus?.releaseReserves();
    if (releasing === undefined) {
      this.#answerLogout(logout);
      return;
    }
    void within(this.#options.clock, LOGOUT_RELEASE_MAX_MS, releasing).then(() => {
      if (!this.#session.closed) this.#answerLogout(logout);
    });
  }

  #answerLogout(logout: Logout): void {
    const { writer, parameters, identity } = this.#session;
    const answer = answerLogout(writer, parameters, identity.cid, logout);
    if (answer === 'closed') this.#options.end(LOGOUT, 'afterSending');
  }

  #onScsiCommand(pdu: Pdu, isImmediate: boolean): void {
    const session = this.#session;
    const { nexus, window } = session;
    const tag = NopOut.initiatorTaskTag.get(pdu.bytes, pdu.base);
    if (nexus === undefined || tag === RESERVED_TAG) {
      if (!isImmediate) window.finished();
      this.#reject(pdu, RejectReason.protocolError);
      return;
    }
    if (isImmediate && !window.takeImmediate()) {
      this.#reject(pdu, RejectReason.immediateCommandReject);
      return;
    }
    const task = this.#options.tasks.take();
    task.begin(session, isImmediate);
    const fault = startScsiCommand(task, session.dataOut, session.parameters, nexus, pdu);
    if (fault !== undefined) this.#refuseCommand(pdu, fault);
  }

  #refuseCommand(pdu: Pdu, fault: CommandFault): void {
    if (fault === 'malformed') {
      this.#reject(pdu, RejectReason.invalidPduField);
      return;
    }
    this.#reject(pdu, RejectReason.protocolError);
    this.#options.end('unsolicited data against the negotiation', 'afterSending');
  }

  #refuse(pdu: Pdu, opcode: number): void {
    if (opcode === Opcode.snackRequest) {
      this.#reject(pdu, RejectReason.snackReject);
    } else if (opcode === Opcode.loginRequest) {
      this.#reject(pdu, RejectReason.protocolError);
      this.#options.end('Login Request in full feature phase', 'afterSending');
    } else {
      // If an unknown request took a CmdSN, a hole is left: the initiator fills it or gives up.
      this.#reject(pdu, RejectReason.commandNotSupported);
    }
  }

  #reject(pdu: Pdu, reason: RejectReason): void {
    this.#options.log.write('pdu_rejected', { rejectReason: reason, opcode: pdu.opcode });
    sendReject(this.#session.writer, pdu, reason);
  }
}
