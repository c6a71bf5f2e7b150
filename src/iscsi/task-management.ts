import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { whenSettled } from '../base/pending.ts';
import {
  AGREEMENT_MAX_MS,
  type Nexus,
  type TaskManagementFunction,
  type TaskManagementResponse,
} from '../scsi/nexus.ts';
import { serialDistance } from './command-window.ts';
import { ABORTED_TRANSFER_TIMEOUT_MS, MANAGEMENT_REQUESTS_MAX } from './limits.ts';
import type { Session } from './session.ts';
import {
  FINAL_FLAG,
  LUN_BYTE,
  Opcode,
  TaskManagementResponse as ResponsePdu,
  TaskManagementRequest,
} from './standard/bhs.ts';
import { RejectReason } from './standard/reject-reason.ts';
import { TaskManagementResponseCode as Code, TASK_MANAGEMENT } from './standard/task-management.ts';
import type { Pdu } from './wire/pdu.ts';

/** The effects of a task management function beyond the nexus. */
interface TaskManagementEffects {
  /**
   * The command of this CmdSN was aborted before it arrived. False: there is no room to remember
   * it.
   */
  skip(cmdSn: number): boolean;
  /** It was answered: ends this session. Its nexus ended the others of its target before. */
  coldReset(): void;
  /** A function was not over in time: ends this session. */
  fail(): void;
}

/** The Task Management Function Requests of a session: each is answered when it is over. */
export class TaskManagement {
  readonly #session: Session;
  readonly #nexus: Nexus;
  readonly #clock: Clock;
  readonly #effects: TaskManagementEffects;
  /** Requests that were not answered. */
  #underWay = 0;

  constructor(session: Session, nexus: Nexus, clock: Clock, effects: TaskManagementEffects) {
    this.#session = session;
    this.#nexus = nexus;
    this.#clock = clock;
    this.#effects = effects;
  }

  /** Performs a request. Returns why it is rejected, if it is. */
  take(pdu: Pdu): RejectReason | undefined {
    if (this.#underWay >= MANAGEMENT_REQUESTS_MAX) return RejectReason.immediateCommandReject;
    const { bytes, base } = pdu;
    const tag = TaskManagementRequest.initiatorTaskTag.get(bytes, base);
    const row = TASK_MANAGEMENT.get(TaskManagementRequest.function.get(bytes, base));
    if (row === undefined || row.protocolLevel > this.#session.parameters.protocolLevel) {
      this.#respond(tag, Code.functionNotSupported);
    } else if (row.function === undefined) {
      // TASK REASSIGN belongs to ErrorRecoveryLevel 2.
      this.#respond(tag, Code.taskAllegianceReassignmentNotSupported);
    } else {
      this.#perform(row.function, tag, pdu);
    }
    return undefined;
  }

  #perform(samFunction: TaskManagementFunction, tag: number, { bytes, base }: Pdu): void {
    this.#underWay++;
    if (samFunction === 'targetColdReset') this.#session.isEndingItself = true;
    const deadlineMs = this.#clock.now() + AGREEMENT_MAX_MS;
    const refCmdSn = TaskManagementRequest.refCmdSn.get(bytes, base);
    const request = {
      function: samFunction,
      lun: bytes.slice(base + LUN_BYTE, base + LUN_BYTE + 8),
      referencedTag: TaskManagementRequest.referencedTaskTag.get(bytes, base),
    };
    whenSettled(this.#nexus.manage(request), (response) => {
      if (this.#session.closed) return;
      if (response.response === 'serviceDeliveryOrTargetFailure') return this.#effects.fail();
      let code = codeOf(response);
      if (samFunction === 'abortTask' && code === Code.taskDoesNotExist && this.#skip(refCmdSn)) {
        code = Code.functionComplete;
      }
      this.#afterTransfers(deadlineMs, () => {
        assert(this.#underWay > 0, 'a function that is answered was under way');
        this.#underWay--;
        this.#respond(tag, code);
        if (samFunction === 'targetColdReset') this.#effects.coldReset();
      });
    });
  }

  /**
   * RFC 7143, ABORT TASK: a command that has not come yet, but whose CmdSN is in the window, is
   * taken as received, so that it is ignored should it come after all.
   */
  #skip(refCmdSn: number): boolean {
    const { window } = this.#session;
    if (serialDistance(refCmdSn, window.expCmdSn) < 0) return false;
    if (serialDistance(window.maxCmdSn, refCmdSn) < 0) return false;
    return this.#effects.skip(refCmdSn);
  }

  /** The answer waits, bounded, until the initiator has answered the R2Ts of aborted commands. */
  #afterTransfers(deadlineMs: number, action: () => void): void {
    const { dataOut } = this.#session;
    if (!dataOut.owed.isDraining) {
      action();
      return;
    }
    let done = false;
    const once = (): void => {
      if (done) return;
      done = true;
      timer.cancel();
      if (!this.#session.closed) action();
    };
    const leftMs = Math.max(0, deadlineMs - this.#clock.now());
    const timer = this.#clock.after(Math.min(ABORTED_TRANSFER_TIMEOUT_MS, leftMs), once);
    dataOut.whenDrained(once);
  }

  #respond(tag: number, code: number): void {
    const { writer } = this.#session;
    writer.compose(Opcode.taskManagementResponse, FINAL_FLAG, tag, undefined, (bytes, base) =>
      ResponsePdu.response.set(bytes, code, base),
    );
  }
}

function codeOf({
  response,
}: Exclude<TaskManagementResponse, { response: 'serviceDeliveryOrTargetFailure' }>): number {
  switch (response) {
    case 'functionComplete':
      return Code.functionComplete;
    case 'functionSucceeded':
      return Code.functionSucceeded;
    case 'taskDoesNotExist':
      return Code.taskDoesNotExist;
    case 'incorrectLogicalUnitNumber':
      return Code.lunDoesNotExist;
    case 'functionRejected':
      return Code.functionRejected;
  }
}
