import type { Command } from '../command.ts';
import { NO_DATA } from '../parameter-data.ts';
import { conditions, endings } from '../sense-table.ts';
import { TestUnitReadyCdb } from '../standard/spc.ts';

/** TEST UNIT READY: the only thing that makes a logical unit not ready is that it was stopped. */
export const testUnitReadyCommand: Command = {
  name: TestUnitReadyCdb.$.name,
  operationCode: 0x00,
  cdb: TestUnitReadyCdb,
  access: 'none',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: () => NO_DATA,
  run: ({ logicalUnit }) =>
    logicalUnit?.stopped === true
      ? conditions.logicalUnitNotReadyInitializingCommandRequired
      : endings.good,
};
