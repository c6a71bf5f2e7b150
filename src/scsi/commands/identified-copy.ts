import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { CopyChange, CopyName } from '../copy/identified-copies.ts';
import { buildSense } from '../sense.ts';
import { conditions, results } from '../sense-table.ts';
import { Status } from '../status.ts';
import { mediumOf } from './medium.ts';

/** The name that the command of a nexus gives to a copy, or asks for. */
export function copyNameOf(call: CommandCall, listId: number): CopyName {
  return {
    uuid: mediumOf(call).identity.uuid,
    initiator: call.nexus.identity.initiatorPort.deviceName,
    listId,
  };
}

/** The copy of a command that is in progress, for those that ask for it by its identifier. */
export interface IdentifiedCall {
  /** The command ends so, and the copy with it. */
  end(result: CommandResult, outcome: CopyChange): CommandResult;
}

/** A copy begins with this identifier; a result says why it cannot. */
export function beginIdentified(
  call: CommandCall,
  listId: number,
  serviceAction: number,
): IdentifiedCall | CommandResult {
  const { copies } = call.nexus.copyManager;
  const name = copyNameOf(call, listId);
  if (copies.isInProgress(name)) return conditions.operationInProgress;
  if (copies.isFull(name)) return results.taskSetFull;
  const change = copies.begin(name, serviceAction);
  return {
    end: (result, outcome) => {
      const isGood = result.status === Status.good;
      const ended = isGood ? 'completed' : 'failed';
      const { sense } = result;
      change({
        state: call.isAborted ? 'terminated' : ended,
        ...outcome,
        ...(sense === undefined ? {} : { sense: buildSense(sense, false) }),
      });
      return result;
    },
  };
}
