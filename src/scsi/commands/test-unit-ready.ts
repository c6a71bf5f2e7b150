import type { Command } from '../command.ts';
import { NO_DATA } from '../parameter-data.ts';
import { results } from '../sense-table.ts';
import { TestUnitReadyCdb } from '../standard/spc.ts';

/** TEST UNIT READY: a logical unit is not ready when its medium may not be used. */
export const testUnitReadyCommand: Command = {
  name: TestUnitReadyCdb.$.name,
  operationCode: 0x00,
  cdb: TestUnitReadyCdb,
  access: 'none',
  reservations: 'status',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: () => NO_DATA,
  run: ({ logicalUnit }) => logicalUnit?.notReady ?? results.good,
};
