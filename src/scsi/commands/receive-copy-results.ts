import type { Command } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import {
  COPIES_AT_ONCE_MAX,
  CSCDS_MAX,
  DESCRIPTOR_LIST_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENT_GRANULARITY_EXPONENT,
  SEGMENTS_MAX,
} from '../copy/copy-limits.ts';
import type { CopyProgress } from '../copy/copy-results.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import {
  CopyManagerStatus,
  CopyStatusCdb,
  CopyStatusData,
  OperatingParametersCdb,
  OperatingParametersData,
  TransferCountUnits,
} from '../standard/copy-results.ts';
import {
  IMPLEMENTED_DESCRIPTOR_TYPES,
  THIRD_PARTY_COPY_IN,
  ThirdPartyCopyIn,
} from '../standard/third-party-copy.ts';
import { mediumOf } from './medium.ts';

/** RECEIVE COPY RESULTS: the progress of a copy, and the bounds of copies. */
export const receiveCopyResultsCommands: readonly Command[] = [
  {
    ...common(CopyStatusCdb, ThirdPartyCopyIn.copyStatusLid1),
    plan: ({ task }) => returning(CopyStatusCdb.allocationLength.get(task.cdb)),
    run: (call): CommandResult => {
      const { cdb } = call.task;
      const copies = call.nexus.copiesAt(mediumOf(call));
      const progress = copies.take(CopyStatusCdb.listIdentifier.get(cdb));
      if (progress === undefined) return invalidInCdb(CopyStatusCdb.listIdentifier);
      return answer(call, statusData(progress), CopyStatusCdb.allocationLength.get(cdb));
    },
  },
  {
    ...common(OperatingParametersCdb, ThirdPartyCopyIn.operatingParameters),
    plan: ({ task }) => returning(OperatingParametersCdb.allocationLength.get(task.cdb)),
    run: (call) => {
      const allocationLength = OperatingParametersCdb.allocationLength.get(call.task.cdb);
      return answer(call, operatingParameters(), allocationLength);
    },
  },
];

function common(cdb: Command['cdb'], serviceAction: number): Omit<Command, 'plan' | 'run'> {
  return {
    name: cdb.$.name,
    operationCode: THIRD_PARTY_COPY_IN,
    serviceAction,
    cdb,
    access: 'none',
    reservations: 'allowed',
    addressing: 'logicalUnit',
    unitAttention: 'report',
  };
}

const TRANSFER_COUNT_MAX = 0xffff_ffff;
const MEBIBYTE = 1024 * 1024;

function statusData({ state, segmentsProcessed, copiedBytes }: CopyProgress): Uint8Array {
  const data = new Uint8Array(CopyStatusData.$.length);
  CopyStatusData.availableData.set(data, data.length - CopyStatusData.availableData.length);
  CopyStatusData.copyManagerStatus.set(data, CopyManagerStatus[state]);
  CopyStatusData.segmentsProcessed.set(data, segmentsProcessed);
  const isLarge = copiedBytes > TRANSFER_COUNT_MAX;
  const units = isLarge ? TransferCountUnits.mebibytes : TransferCountUnits.bytes;
  CopyStatusData.transferCountUnits.set(data, units);
  CopyStatusData.transferCount.set(
    data,
    isLarge ? Math.floor(copiedBytes / MEBIBYTE) : copiedBytes,
  );
  return data;
}

function operatingParameters(): Uint8Array {
  const Data = OperatingParametersData;
  const head = Data.$.length;
  const data = new Uint8Array(head + IMPLEMENTED_DESCRIPTOR_TYPES.length);
  Data.availableData.set(data, data.length - Data.availableData.length);
  Data.snlid.set(data, 1);
  Data.maximumCscdDescriptorCount.set(data, CSCDS_MAX);
  Data.maximumSegmentDescriptorCount.set(data, SEGMENTS_MAX);
  Data.maximumDescriptorListLength.set(data, DESCRIPTOR_LIST_BYTES_MAX);
  Data.maximumSegmentLength.set(data, SEGMENT_BYTES_MAX);
  Data.totalConcurrentCopies.set(data, COPIES_AT_ONCE_MAX);
  Data.maximumConcurrentCopies.set(data, COPIES_AT_ONCE_MAX);
  Data.dataSegmentGranularity.set(data, SEGMENT_GRANULARITY_EXPONENT);
  Data.implementedDescriptorListLength.set(data, IMPLEMENTED_DESCRIPTOR_TYPES.length);
  data.set(IMPLEMENTED_DESCRIPTOR_TYPES, head);
  return data;
}
