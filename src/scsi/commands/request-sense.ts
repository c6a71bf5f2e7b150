import type { Command, CommandCall } from '../command.ts';
import type { SenseCondition } from '../command-result.ts';
import { answer, returning } from '../parameter-data.ts';
import { buildSense } from '../sense.ts';
import { conditions, SenseKey } from '../sense-table.ts';
import { RequestSenseCdb } from '../standard/spc.ts';

const NOTHING_TO_REPORT: SenseCondition = Object.freeze({ key: SenseKey.noSense, code: 0x0000 });

/**
 * REQUEST SENSE: sense data as parameter data, with status GOOD. A pending unit attention is
 * reported and cleared; all other sense data goes with the status of its command (autosense).
 */
export const requestSenseCommand: Command = {
  name: RequestSenseCdb.$.name,
  operationCode: 0x03,
  cdb: RequestSenseCdb,
  access: 'none',
  reservations: 'allowed',
  addressing: 'anyLun',
  unitAttention: 'ignore',
  plan: ({ task }) => returning(RequestSenseCdb.allocationLength.get(task.cdb)),
  run: (call) => {
    const { cdb } = call.task;
    const descriptorFormat = RequestSenseCdb.desc.get(cdb) === 1;
    const sense = buildSense(pendingCondition(call), descriptorFormat);
    return answer(call, sense, RequestSenseCdb.allocationLength.get(cdb));
  },
};

function pendingCondition({ logicalUnit, nexus }: CommandCall): SenseCondition {
  if (logicalUnit === undefined) {
    return conditions.logicalUnitNotSupported.sense ?? NOTHING_TO_REPORT;
  }
  const unitAttention = nexus.takeUnitAttention(logicalUnit)?.sense;
  if (unitAttention !== undefined) return unitAttention;
  return logicalUnit.notReady?.sense ?? NOTHING_TO_REPORT;
}
