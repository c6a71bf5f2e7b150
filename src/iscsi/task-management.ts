import { whenSettled } from '../base/pending.ts';
import type { Nexus, TaskManagementResponse } from '../scsi/nexus.ts';
import { serialDistance } from './command-window.ts';
import { ABORTED_TRANSFER_TIMEOUT_MS } from './limits.ts';
import type { Session } from './session.ts';
import {
  LUN_BYTE,
  Opcode,
  TaskManagementResponse as ResponsePdu,
  TaskManagementRequest,
} from './standard/bhs.ts';
import { TaskManagementResponseCode as Code, TASK_MANAGEMENT } from './standard/task-management.ts';
import type { Pdu } from './wire/pdu.ts';

const FINAL = 0x80;

/** Performs a Task Management Function Request and answers it when it is over. */
export function manageTasks(session: Session, nexus: Nexus, pdu: Pdu, answered: () => void): void {
  const { bytes, base } = pdu;
  const tag = TaskManagementRequest.initiatorTaskTag.get(bytes, base);
  const row = TASK_MANAGEMENT.get(TaskManagementRequest.function.get(bytes, base));
  if (row === undefined || row.protocolLevel > session.parameters.protocolLevel) {
    answered();
    respond(session, tag, Code.functionNotSupported);
    return;
  }
  if (row.function === undefined) {
    // TASK REASSIGN belongs to ErrorRecoveryLevel 2.
    answered();
    respond(session, tag, Code.taskAllegianceReassignmentNotSupported);
    return;
  }
  const samFunction = row.function;
  const refCmdSn = TaskManagementRequest.refCmdSn.get(bytes, base);
  const request = {
    function: samFunction,
    lun: bytes.slice(base + LUN_BYTE, base + LUN_BYTE + 8),
    referencedTag: TaskManagementRequest.referencedTaskTag.get(bytes, base),
  };
  whenSettled(nexus.manage(request), (response) => {
    if (session.closed) return;
    let code = codeOf(response);
    if (samFunction === 'abortTask' && code === Code.taskDoesNotExist) {
      if (skip(session, refCmdSn)) code = Code.functionComplete;
    }
    afterTransfers(session, () => {
      answered();
      respond(session, tag, code);
      if (samFunction === 'targetColdReset') {
        session.endTarget('TARGET COLD RESET');
        session.end('TARGET COLD RESET', 'afterSending');
      }
    });
  });
}

/**
 * RFC 7143, ABORT TASK: a command that has not come yet, but whose CmdSN is in the window, is
 * taken as received, so that it is ignored should it come after all.
 */
function skip(session: Session, refCmdSn: number): boolean {
  const { window, held } = session;
  if (serialDistance(refCmdSn, window.expCmdSn) < 0) return false;
  if (serialDistance(window.maxCmdSn, refCmdSn) < 0) return false;
  if (!held.skip(refCmdSn)) return false;
  session.executeHeld();
  return true;
}

/** The initiator still answers the R2Ts of aborted commands; the answer waits for that, bounded. */
function afterTransfers(session: Session, action: () => void): void {
  if (!session.dataOut.draining) {
    action();
    return;
  }
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    timer.cancel();
    if (!session.closed) action();
  };
  const timer = session.clock.after(ABORTED_TRANSFER_TIMEOUT_MS, once);
  session.dataOut.whenDrained(once);
}

function respond(session: Session, tag: number, code: number): void {
  session.writer.compose(Opcode.taskManagementResponse, FINAL, tag, undefined, (bytes, base) =>
    ResponsePdu.response.set(bytes, code, base),
  );
}

function codeOf(response: TaskManagementResponse): number {
  switch (response.response) {
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
