import { map, type Pending } from '../../base/pending.ts';
import { DONE, type VolumeResult } from '../../volume/volume.ts';
import type { Command, CommandCall } from '../command.ts';
import { NO_DATA } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import { StartStopUnitCdb } from '../standard/sbc-control.ts';
import { mediumOf } from './medium.ts';

/**
 * START STOP UNIT: START 0 makes the logical unit not ready for all initiators, START 1 ready.
 * IMMED changes nothing, as both are quick. The medium is not removable and has no power
 * conditions: LOEJ and POWER CONDITION are refused.
 */
export const startStopUnitCommand: Command = {
  name: StartStopUnitCdb.$.name,
  operationCode: 0x1b,
  cdb: StartStopUnitCdb,
  access: 'changeState',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  worksWhenStopped: true,
  plan: ({ task }) => {
    const { powerCondition, loEj } = StartStopUnitCdb;
    if (powerCondition.get(task.cdb) !== 0) return invalidInCdb(powerCondition);
    return loEj.get(task.cdb) === 1 ? invalidInCdb(loEj) : NO_DATA;
  },
  run: (call) => (StartStopUnitCdb.start.get(call.task.cdb) === 1 ? start(call) : stop(call)),
};

function start(call: CommandCall): VolumeResult {
  mediumOf(call).stopped = false;
  return DONE;
}

/** What is cached reaches the medium first, unless NO_FLUSH says otherwise. */
function stop(call: CommandCall): Pending<VolumeResult> {
  const logicalUnit = mediumOf(call);
  const skip = StartStopUnitCdb.noFlush.get(call.task.cdb) === 1;
  return map(skip ? DONE : logicalUnit.volume.flush(), (result) => {
    if (result.status === 'done') logicalUnit.stopped = true;
    return result;
  });
}
