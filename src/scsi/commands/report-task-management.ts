import type { Command } from '../command.ts';
import { AGREEMENT_MAX_MS } from '../nexus.ts';
import { answer, returning } from '../parameter-data.ts';
import {
  ReportSupportedTaskManagementFunctionsCdb as Cdb,
  SupportedTaskManagementFunctions as Functions,
  MaintenanceIn,
  REPD_ADDITIONAL_LENGTH,
} from '../standard/spc.ts';

/** LONG TIMEOUT in units of 100 ms: every function ends within 8 s (I8). */
const LONG_TIMEOUT = AGREEMENT_MAX_MS / 100;

/** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS. */
export const reportTaskManagementCommand: Command = {
  name: Cdb.$.name,
  operationCode: 0xa3,
  serviceAction: MaintenanceIn.reportSupportedTaskManagementFunctions,
  cdb: Cdb,
  access: 'none',
  reservations: 'read',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => returning(Cdb.allocationLength.get(task.cdb)),
  run: (call) => {
    const { cdb } = call.task;
    const data = supportedFunctions(Cdb.repd.get(cdb) === 1);
    return answer(call, data, Cdb.allocationLength.get(cdb));
  },
};

/** All of SAM-5 but CLEAR ACA (there is no ACA) and WAKEUP. */
function supportedFunctions(extended: boolean): Uint8Array {
  const data = new Uint8Array(Functions.$.length);
  Functions.abortTask.set(data, 1);
  Functions.abortTaskSet.set(data, 1);
  Functions.clearTaskSet.set(data, 1);
  Functions.logicalUnitReset.set(data, 1);
  Functions.queryTask.set(data, 1);
  Functions.targetReset.set(data, 1);
  Functions.queryAsynchronousEvent.set(data, 1);
  Functions.queryTaskSet.set(data, 1);
  Functions.iTNexusReset.set(data, 1);
  if (!extended) return data.subarray(0, data.length - REPD_ADDITIONAL_LENGTH);
  Functions.additionalDataLength.set(data, REPD_ADDITIONAL_LENGTH);
  Functions.timeoutsValid.set(data, 1);
  Functions.longTimeout.set(data, LONG_TIMEOUT);
  return data;
}
