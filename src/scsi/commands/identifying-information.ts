import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import {
  IDENTIFYING_LENGTH_MAX_BYTES,
  type IdentifyingInformationName,
} from '../identifying-information.ts';
import { answer, NO_DATA, parameterList, returning, taking } from '../parameter-data.ts';
import { isForbidden } from '../reservations/restrictions.ts';
import { invalidInCdb, results } from '../sense-table.ts';
import {
  InformationType,
  MaintenanceIn,
  MaintenanceOut,
  ReportIdentifyingInformationCdb,
  SetIdentifyingInformationCdb,
} from '../standard/spc.ts';
import { identified } from '../unit-changes.ts';
import { mediumOf } from './medium.ts';

const NAMES: ReadonlyMap<number, IdentifyingInformationName> = new Map([
  [InformationType.peripheral, 'peripheral'],
  [InformationType.text, 'text'],
]);

/** REPORT and SET IDENTIFYING INFORMATION: the same through every gateway. */
export const identifyingInformationCommands: readonly Command[] = [
  {
    name: ReportIdentifyingInformationCdb.$.name,
    operationCode: 0xa3,
    serviceAction: MaintenanceIn.reportIdentifyingInformation,
    cdb: ReportIdentifyingInformationCdb,
    access: 'none',
    reservations: 'allowed',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: ({ task }) => {
      const { informationType, allocationLength } = ReportIdentifyingInformationCdb;
      const type = informationType.get(task.cdb);
      const isKnown = type === InformationType.supported || NAMES.has(type);
      return isKnown ? returning(allocationLength.get(task.cdb)) : invalidInCdb(informationType);
    },
    run: (call) => {
      const { informationType, allocationLength } = ReportIdentifyingInformationCdb;
      const { cdb } = call.task;
      const information = informationOf(call, informationType.get(cdb));
      // Two reserved bytes, then IDENTIFYING INFORMATION LENGTH.
      const data = new ByteWriter().zeros(2).u16(information.length).bytes(information).finish();
      return answer(call, data, allocationLength.get(cdb));
    },
  },
  {
    name: SetIdentifyingInformationCdb.$.name,
    operationCode: 0xa4,
    serviceAction: MaintenanceOut.setIdentifyingInformation,
    cdb: SetIdentifyingInformationCdb,
    access: 'changeState',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: ({ task }) => {
      const { informationType, parameterListLength } = SetIdentifyingInformationCdb;
      const name = NAMES.get(informationType.get(task.cdb));
      const length = parameterListLength.get(task.cdb);
      if (name === undefined) return invalidInCdb(informationType);
      if (length > IDENTIFYING_LENGTH_MAX_BYTES[name]) return invalidInCdb(parameterListLength);
      return length === 0 ? NO_DATA : taking(length);
    },
    run: setInformation,
  },
];

function informationOf(call: CommandCall, type: number): Uint8Array {
  const name = NAMES.get(type);
  return name === undefined ? supportedTypes() : mediumOf(call).identifying[name];
}

function supportedTypes(): Uint8Array {
  const writer = new ByteWriter();
  for (const [type, name] of NAMES) {
    // INFORMATION TYPE, in seven bits as in the CDB, and MAXIMUM INFORMATION LENGTH.
    writer
      .u8(type << 1)
      .zeros(1)
      .u16(IDENTIFYING_LENGTH_MAX_BYTES[name]);
  }
  return writer.finish();
}

function setInformation(call: CommandCall): Promise<CommandResult> {
  const { task, nexus } = call;
  const { informationType, parameterListLength } = SetIdentifyingInformationCdb;
  const name = NAMES.get(informationType.get(task.cdb))!;
  const length = parameterListLength.get(task.cdb);
  // A copy: the change may be made again after the transport's buffers are released.
  const information = length === 0 ? new Uint8Array(0) : parameterList(task, length).slice();
  return mediumOf(call).commit((state) => {
    // Since the command began, a reservation may have come before this change.
    if (isForbidden(state.reservations, nexus.session, 'write')) return results.reservationConflict;
    return identified(state, name, information);
  }, call);
}
