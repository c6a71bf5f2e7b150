import type { Command } from '../command.ts';
import { NO_DATA } from '../parameter-data.ts';
import { invalidInCdb, results } from '../sense-table.ts';
import { StartStopUnitCdb } from '../standard/sbc-control.ts';
import { mediumOf, writeCache } from './medium.ts';

/**
 * START STOP UNIT. Several hosts share the unit, so none of them can stop it: START 0 ends GOOD and
 * does what a host relies on before it shuts down: it writes the cache, unless NO_FLUSH is 1. The
 * status waits for that, also with IMMED. The medium is fixed and has no power conditions, so LOEJ
 * and POWER CONDITION are refused.
 */
export const startStopUnitCommand: Command = {
  name: StartStopUnitCdb.$.name,
  operationCode: 0x1b,
  cdb: StartStopUnitCdb,
  access: 'none',
  reservations: 'write',
  passesReservations: (cdb) => {
    const { powerCondition, start } = StartStopUnitCdb;
    return start.get(cdb) === 1 && powerCondition.get(cdb) === 0;
  },
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => {
    const { powerCondition, loEj } = StartStopUnitCdb;
    if (powerCondition.get(task.cdb) !== 0) return invalidInCdb(powerCondition);
    return loEj.get(task.cdb) === 1 ? invalidInCdb(loEj) : NO_DATA;
  },
  run: (call) => {
    const { start, noFlush } = StartStopUnitCdb;
    const { cdb } = call.task;
    const keepsCache = start.get(cdb) === 1 || noFlush.get(cdb) === 1;
    return keepsCache ? results.good : writeCache(mediumOf(call));
  },
};
