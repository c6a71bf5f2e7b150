import { assert } from '../../base/assert.ts';
import type { Command } from '../command.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { answer, returning } from '../parameter-data.ts';
import {
  RETURNED_LBA_MAX,
  ReadCapacity10Cdb,
  ReadCapacity10Data,
  ReadCapacity10Obsolete,
  ReadCapacity16Cdb,
  ReadCapacity16Data,
  ReadCapacity16Obsolete,
  ServiceActionIn16,
} from '../standard/sbc-control.ts';
import { mediumOf } from './medium.ts';

const readCapacity10: Command = {
  name: ReadCapacity10Cdb.$.name,
  operationCode: 0x25,
  cdb: ReadCapacity10Cdb,
  obsoleteFields: Object.values(ReadCapacity10Obsolete),
  access: 'none',
  reservations: 'allowed',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: () => returning(ReadCapacity10Data.$.length),
  run: (call) => {
    const logicalUnit = mediumOf(call);
    const data = new Uint8Array(ReadCapacity10Data.$.length);
    const shown = Math.min(lastLba(logicalUnit), RETURNED_LBA_MAX);
    ReadCapacity10Data.returnedLogicalBlockAddress.set(data, shown);
    ReadCapacity10Data.logicalBlockLength.set(data, logicalUnit.blockLengthBytes);
    return answer(call, data, data.length);
  },
};

const readCapacity16: Command = {
  name: ReadCapacity16Cdb.$.name,
  operationCode: 0x9e,
  serviceAction: ServiceActionIn16.readCapacity16,
  cdb: ReadCapacity16Cdb,
  obsoleteFields: Object.values(ReadCapacity16Obsolete),
  access: 'none',
  reservations: 'allowed',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => returning(ReadCapacity16Cdb.allocationLength.get(task.cdb)),
  run: (call) => {
    const data = readCapacity16Data(mediumOf(call));
    return answer(call, data, ReadCapacity16Cdb.allocationLength.get(call.task.cdb));
  },
};

/** READ CAPACITY (10) and (16). */
export const readCapacityCommands: readonly Command[] = [readCapacity10, readCapacity16];

function readCapacity16Data(logicalUnit: LogicalUnit): Uint8Array {
  const data = new Uint8Array(ReadCapacity16Data.$.length);
  ReadCapacity16Data.returnedLogicalBlockAddress.set(data, lastLba(logicalUnit));
  ReadCapacity16Data.logicalBlockLength.set(data, logicalUnit.blockLengthBytes);
  // One logical block per physical block: each is written by itself. The Block Limits page gives
  // the alignment that pays off, as OPTIMAL TRANSFER LENGTH GRANULARITY.
  ReadCapacity16Data.logicalBlocksPerPhysicalBlockExponent.set(data, 0);
  ReadCapacity16Data.lbpme.set(data, 1);
  ReadCapacity16Data.lbprz.set(data, 1);
  return data;
}

function lastLba(logicalUnit: LogicalUnit): number {
  const { blocks } = logicalUnit;
  assert(Number.isSafeInteger(blocks) && blocks >= 0, 'a capacity is a number of whole blocks');
  return Math.max(0, blocks - 1);
}
