import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { PlannedSegment } from '../copy/copy-plan.ts';
import type { CopyProgress } from '../copy/copy-results.ts';
import { type CopyFailure, runCopy } from '../copy/third-party-copy.ts';
import {
  parseTokenWrite,
  type TokenWrite,
  totalBlocks,
  WRITE_LIST_BYTES_MAX,
} from '../copy/token-lists.ts';
import { inBytes, planTokenWrite } from '../copy/token-plan.ts';
import { writeZeros } from '../copy/zero-token.ts';
import { parameterList, taking } from '../parameter-data.ts';
import { conditions, results, withInformation } from '../sense-table.ts';
import { WriteUsingTokenCdb as Cdb } from '../standard/rod-token.ts';
import { THIRD_PARTY_COPY_OUT, ThirdPartyCopyOut } from '../standard/third-party-copy.ts';
import { beginIdentified, type IdentifiedCall } from './identified-copy.ts';
import { mediumOf } from './medium.ts';

/**
 * WRITE USING TOKEN: writes what a token represents, as it is now. As with EXTENDED COPY there is a
 * command at each of the two logical units, and this one waits for them.
 */
export const writeUsingTokenCommand: Command = {
  name: Cdb.$.name,
  operationCode: THIRD_PARTY_COPY_OUT,
  serviceAction: ThirdPartyCopyOut.writeUsingToken,
  cdb: Cdb,
  access: 'none',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => {
    const length = Cdb.parameterListLength.get(task.cdb);
    return length > WRITE_LIST_BYTES_MAX ? conditions.parameterListLengthError : taking(length);
  },
  run: (call) => {
    const list = parameterList(call.task, Cdb.parameterListLength.get(call.task.cdb));
    if (list.length === 0) return results.good;
    const write = parseTokenWrite(list, mediumOf(call));
    return 'status' in write ? write : writeToken(call, write);
  },
};

async function writeToken(call: CommandCall, write: TokenWrite): Promise<CommandResult> {
  const listId = Cdb.listIdentifier.get(call.task.cdb);
  const copy = beginIdentified(call, listId, ThirdPartyCopyOut.writeUsingToken);
  if ('status' in copy) return copy;
  const content = await call.nexus.copyManager.tokens.open(write.token);
  // A command that was aborted meanwhile must not put others into task sets.
  if (call.isAborted) return copy.end(conditions.commandsClearedByDeviceServer, {});
  if (content === 'zeros') return await zeros(call, write, copy);
  if ('status' in content) return copy.end(content, {});
  const { logicalUnits: units } = call.nexus;
  const segments = planTokenWrite({ content, write, destination: mediumOf(call), units });
  if (!Array.isArray(segments)) return copy.end(segments as CommandResult, {});
  return await writeSegments(call, segments, copy);
}

async function zeros(
  call: CommandCall,
  write: TokenWrite,
  copy: IdentifiedCall,
): Promise<CommandResult> {
  const unit = mediumOf(call);
  const result = await writeZeros(call, unit, inBytes(write.ranges, unit));
  const isGood = result === results.good;
  return copy.end(result, { transferCount: isGood ? totalBlocks(write.ranges) : 0 });
}

async function writeSegments(
  call: CommandCall,
  segments: readonly PlannedSegment[],
  copy: IdentifiedCall,
): Promise<CommandResult> {
  const { blockLengthBytes } = mediumOf(call);
  const progress: CopyProgress = { state: 'inProgress', segmentsProcessed: 0, copiedBytes: 0 };
  const failure = await runCopy(call, segments, progress);
  const whole = segments.slice(0, progress.segmentsProcessed);
  const written = whole.reduce((sum, { length }) => sum + length, 0) / blockLengthBytes;
  const result = failure === undefined ? results.good : resultOf(failure, written);
  return copy.end(result, { transferCount: written });
}

/**
 * What failed at the destination ends the command as it would end a WRITE. INFORMATION with COPY
 * ABORTED is the blocks that were written.
 */
function resultOf({ role, result }: CopyFailure, blocks: number): CommandResult {
  if (role === 'destination') return result;
  return withInformation(conditions.thirdPartyDeviceFailure, blocks);
}
