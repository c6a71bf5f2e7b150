import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { answer, returning } from '../parameter-data.ts';
import type { Reservations } from '../reservations/reservations.ts';
import {
  capabilitiesData,
  fullStatusData,
  keysData,
  reservationData,
} from '../reservations/reserve-in-data.ts';
import { results } from '../sense-table.ts';
import {
  PersistentReserveInCdb as Cdb,
  PersistentReserveIn,
} from '../standard/persistent-reservations.ts';
import { mediumOf } from './medium.ts';

/** PERSISTENT RESERVE IN: what is registered and reserved, the same through every path. */
export const persistentReserveInCommands: readonly Command[] = [
  reserveIn('READ KEYS', PersistentReserveIn.readKeys, keysData),
  reserveIn('READ RESERVATION', PersistentReserveIn.readReservation, reservationData),
  reserveIn('REPORT CAPABILITIES', PersistentReserveIn.reportCapabilities, capabilitiesData),
  reserveIn('READ FULL STATUS', PersistentReserveIn.readFullStatus, fullStatusData),
];

function reserveIn(
  name: string,
  serviceAction: number,
  dataOf: (state: Reservations) => Uint8Array,
): Command {
  return {
    name: `${Cdb.$.name} (${name})`,
    operationCode: 0x5e,
    serviceAction,
    cdb: Cdb,
    access: 'none',
    reservations: 'persistentReserve',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: ({ task }) => returning(Cdb.allocationLength.get(task.cdb)),
    run: (call) => runReserveIn(call, dataOf),
  };
}

/** It reads what the gateways agree on, not what this one remembers. */
async function runReserveIn(
  call: CommandCall,
  dataOf: (state: Reservations) => Uint8Array,
): Promise<CommandResult> {
  const reservations = await mediumOf(call).latestReservations();
  if (reservations === undefined) return results.busy;
  if (reservations.reserve !== undefined) return results.reservationConflict;
  const data = dataOf(reservations);
  return answer(call, data, Cdb.allocationLength.get(call.task.cdb));
}
