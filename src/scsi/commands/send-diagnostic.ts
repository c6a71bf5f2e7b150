import type { Command } from '../command.ts';
import { NO_DATA } from '../parameter-data.ts';
import { invalidInCdb, results } from '../sense-table.ts';
import { SendDiagnosticCdb } from '../standard/spc.ts';

/**
 * SEND DIAGNOSTIC: the default self-test (SELFTEST 1), which every device server must offer, always
 * passes: a logical unit that answers works. There are no other self-tests (SELF-TEST CODE) and no
 * diagnostic pages (a parameter list).
 */
export const sendDiagnosticCommand: Command = {
  name: SendDiagnosticCdb.$.name,
  operationCode: 0x1d,
  cdb: SendDiagnosticCdb,
  access: 'none',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => {
    const { selfTestCode, parameterListLength } = SendDiagnosticCdb;
    if (selfTestCode.get(task.cdb) !== 0) return invalidInCdb(selfTestCode);
    if (parameterListLength.get(task.cdb) !== 0) return invalidInCdb(parameterListLength);
    return NO_DATA;
  },
  run: () => results.good,
};
