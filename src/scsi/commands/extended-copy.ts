import type { Pending } from '../../base/pending.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { DESCRIPTOR_LIST_BYTES_MAX } from '../copy/copy-limits.ts';
import { type CopyList, parseCopyList } from '../copy/copy-list.ts';
import { planCopy } from '../copy/copy-plan.ts';
import { runCopy } from '../copy/third-party-copy.ts';
import { parameterList, taking } from '../parameter-data.ts';
import { atSegment, conditions, results } from '../sense-table.ts';
import {
  ExtendedCopyCdb as Cdb,
  CopyListHead,
  THIRD_PARTY_COPY_OUT,
  ThirdPartyCopyOut,
} from '../standard/third-party-copy.ts';
import { mediumOf } from './medium.ts';

const LIST_BYTES_MAX = CopyListHead.$.length + DESCRIPTOR_LIST_BYTES_MAX;

/**
 * EXTENDED COPY (LID1): copies between logical units that the nexus reaches. The copy has a command
 * of its own at each unit; this one waits for them.
 */
export const extendedCopyCommand: Command = {
  name: Cdb.$.name,
  operationCode: THIRD_PARTY_COPY_OUT,
  serviceAction: ThirdPartyCopyOut.extendedCopyLid1,
  cdb: Cdb,
  access: 'none',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => {
    const length = Cdb.parameterListLength.get(task.cdb);
    return length > LIST_BYTES_MAX ? conditions.parameterListLengthError : taking(length);
  },
  run: (call) => {
    const list = parameterList(call.task, Cdb.parameterListLength.get(call.task.cdb));
    // A list of no bytes is not an error, and copies nothing.
    if (list.length === 0) return results.good;
    const parsed = parseCopyList(list);
    return 'status' in parsed ? parsed : copy(call, parsed);
  },
};

function copy(call: CommandCall, list: CopyList): Pending<CommandResult> {
  const thisUnit = mediumOf(call);
  const segments = planCopy(list, { thisUnit, units: call.nexus.logicalUnits });
  if (!Array.isArray(segments)) return segments as CommandResult;
  const copies = call.nexus.copiesAt(thisUnit);
  if (list.hasListId && copies.isInProgress(list.listId)) return conditions.operationInProgress;
  if (copies.isFull) return results.taskSetFull;
  const progress = copies.begin(list.hasListId ? list.listId : undefined);
  return runCopy(call, segments, progress).then((failure) => {
    copies.end(progress, failure === undefined);
    if (failure === undefined) return results.good;
    return atSegment(conditions.thirdPartyDeviceFailure, failure.segment);
  });
}
