import type { Command } from '../command.ts';
import { NO_DATA } from '../parameter-data.ts';
import { invalidInCdb, results } from '../sense-table.ts';
import { PreventAllowMediumRemovalCdb as Cdb } from '../standard/sbc-control.ts';

const PREVENT_MAX = 1;

/**
 * PREVENT ALLOW MEDIUM REMOVAL: the medium cannot be removed in any case, so there is nothing to
 * keep. START STOP UNIT refuses to eject, whatever was sent here.
 */
export const preventAllowCommand: Command = {
  name: Cdb.$.name,
  operationCode: 0x1e,
  cdb: Cdb,
  access: 'none',
  reservations: 'write',
  passesReservations: (cdb) => Cdb.prevent.get(cdb) === 0,
  addressing: 'logicalUnit',
  unitAttention: 'report',
  // The other values are obsolete.
  plan: ({ task }) =>
    Cdb.prevent.get(task.cdb) > PREVENT_MAX ? invalidInCdb(Cdb.prevent) : NO_DATA,
  run: () => results.good,
};
