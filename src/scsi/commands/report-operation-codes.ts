import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import {
  ReportSupportedOperationCodesCdb as Cdb,
  CommandDescriptor,
  CommandSupport,
  CommandTimeouts,
  MaintenanceIn,
  OneCommandHeader,
  ReportingOptions,
} from '../standard/spc.ts';
import { CDB_LENGTH_MAX } from '../task.ts';

/** REPORT SUPPORTED OPERATION CODES: printed from the command table. */
export const reportOperationCodesCommand: Command = {
  name: Cdb.$.name,
  operationCode: 0xa3,
  serviceAction: MaintenanceIn.reportSupportedOperationCodes,
  cdb: Cdb,
  access: 'none',
  reservations: 'read',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: (call) => checkOptions(call) ?? returning(Cdb.allocationLength.get(call.task.cdb)),
  run: (call) => {
    const { cdb } = call.task;
    const all = Cdb.reportingOptions.get(cdb) === ReportingOptions.all;
    const data = all ? allCommands(call) : oneCommand(call);
    return answer(call, data, Cdb.allocationLength.get(cdb));
  },
};

/** Option 001b is for codes without service actions, 010b for those with. */
function checkOptions({ task, nexus }: CommandCall): CommandResult | undefined {
  const options = Cdb.reportingOptions.get(task.cdb);
  if (options > ReportingOptions.either) return invalidInCdb(Cdb.reportingOptions);
  const operationCode = Cdb.requestedOperationCode.get(task.cdb);
  const row = nexus.commands.find((command) => command.operationCode === operationCode);
  if (row === undefined) return undefined;
  const hasServiceActions = row.serviceAction !== undefined;
  const refused =
    (options === ReportingOptions.operationCode && hasServiceActions) ||
    (options === ReportingOptions.serviceAction && !hasServiceActions);
  return refused ? invalidInCdb(Cdb.requestedOperationCode) : undefined;
}

function allCommands({ task, nexus }: CommandCall): Uint8Array {
  const timeouts = Cdb.rctd.get(task.cdb) === 1;
  return new ByteWriter()
    .length32((writer) => {
      for (const command of nexus.commands) writer.bytes(commandDescriptor(command, timeouts));
    })
    .finish();
}

function commandDescriptor(command: Command, timeouts: boolean): Uint8Array {
  const descriptor = new Uint8Array(CommandDescriptor.$.length);
  CommandDescriptor.operationCode.set(descriptor, command.operationCode);
  CommandDescriptor.serviceAction.set(descriptor, command.serviceAction ?? 0);
  CommandDescriptor.ctdp.set(descriptor, timeouts ? 1 : 0);
  CommandDescriptor.servActv.set(descriptor, command.serviceAction === undefined ? 0 : 1);
  CommandDescriptor.cdbLength.set(descriptor, command.cdb.$.length);
  const writer = new ByteWriter().bytes(descriptor);
  if (timeouts) writer.bytes(timeoutsDescriptor());
  return writer.finish();
}

function oneCommand({ task, nexus }: CommandCall): Uint8Array {
  const command = findCommand(task.cdb, nexus.commands);
  const header = new Uint8Array(OneCommandHeader.$.length);
  if (command === undefined) {
    OneCommandHeader.support.set(header, CommandSupport.notSupported);
    return header;
  }
  const timeouts = Cdb.rctd.get(task.cdb) === 1;
  OneCommandHeader.ctdp.set(header, timeouts ? 1 : 0);
  OneCommandHeader.support.set(header, CommandSupport.supported);
  OneCommandHeader.cdbSize.set(header, command.cdb.$.length);
  const writer = new ByteWriter().bytes(header).bytes(cdbUsageData(command));
  if (timeouts) writer.bytes(timeoutsDescriptor());
  return writer.finish();
}

/** A code without service actions answers to service action 0. */
function findCommand(cdb: Uint8Array, commands: readonly Command[]): Command | undefined {
  const operationCode = Cdb.requestedOperationCode.get(cdb);
  const options = Cdb.reportingOptions.get(cdb);
  const asked =
    options === ReportingOptions.operationCode ? 0 : Cdb.requestedServiceAction.get(cdb);
  return commands.find(
    (row) => row.operationCode === operationCode && (row.serviceAction ?? 0) === asked,
  );
}

/** The usage map of the row's layout, with the codes themselves in place of their masks. */
function cdbUsageData({ cdb, operationCode, serviceAction }: Command): Uint8Array {
  const usage = cdb.$.usage.slice();
  assert(usage.length <= CDB_LENGTH_MAX, 'CDB USAGE DATA is as long as the CDB');
  usage[0] = operationCode;
  if (serviceAction !== undefined) cdb.$.fields['serviceAction']?.set(usage, serviceAction);
  return usage;
}

/** Zeros indicate no time-out, because none is known for an initiator's path to the gateway. */
function timeoutsDescriptor(): Uint8Array {
  const descriptor = new Uint8Array(CommandTimeouts.$.length);
  CommandTimeouts.descriptorLength.set(descriptor, descriptor.length - 2);
  return descriptor;
}
