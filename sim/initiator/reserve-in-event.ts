import {
  FullStatusDescriptor,
  PersistentReserveIn,
  RESERVATION_KEY_LENGTH,
  ReservationDescriptor,
} from '../../src/scsi/standard/persistent-reservations.ts';
import {
  fullStatusText,
  keysText,
  type RegistrationText,
  type ReservationReading,
  reservationText,
} from '../checkers/reservation-change.ts';
import { check } from '../violation.ts';
import type { PortNames } from './port-names.ts';
import { Status } from './scsi-status.ts';
import type { UnitEvent } from './unit-event-parts.ts';

const OPERATION_CODE = 0x5e;
const ALLOCATION_LENGTH = 4096;
/** PRGENERATION and ADDITIONAL LENGTH. */
const HEADER_LENGTH = 8;

/** By reading, its service action, and what its parameter data say. */
const readings: Readonly<
  Record<
    ReservationReading,
    { readonly action: number; readonly textOf: (data: Buffer, ports: PortNames) => string }
  >
> = {
  keys: { action: PersistentReserveIn.readKeys, textOf: keysIn },
  reservation: { action: PersistentReserveIn.readReservation, textOf: reservationIn },
  fullStatus: { action: PersistentReserveIn.readFullStatus, textOf: fullStatusIn },
};

/** One PERSISTENT RESERVE IN: it shows what all gateways enforce. */
export const readReservations: UnitEvent = async ({ random, history, ports }, path) => {
  const { reservations } = history;
  const { commands, session } = path;
  if (commands === undefined) return;
  const reading = random.pick(Object.keys(readings) as ReservationReading[]);
  const { action, textOf } = readings[reading];
  const cdb = Uint8Array.of(OPERATION_CODE, action, 0, 0, 0, 0, 0, ALLOCATION_LENGTH >> 8, 0, 0);
  const access = reservations.beginAccess(session, reading);
  const result = await commands.execute(`read ${reading}`, {
    ...{ cdb, dataInLength: ALLOCATION_LENGTH },
  });
  if (typeof result === 'string') reservations.endAccess(access, 'unknown');
  else if (result.status === Status.good)
    reservations.endAccess(access, textOf(result.dataIn, ports));
  else
    reservations.endAccess(
      access,
      result.status === Status.reservationConflict ? 'conflict' : 'none',
    );
};

function keysIn(data: Buffer): string {
  const list = listIn(data);
  const count = list.length / RESERVATION_KEY_LENGTH;
  const keys = Array.from({ length: count }, (_, at) => keyIn(list, at * RESERVATION_KEY_LENGTH));
  return keysText(generationIn(data), keys);
}

function reservationIn(data: Buffer): string {
  const list = listIn(data);
  const held =
    list.length === 0
      ? undefined
      : { key: keyIn(list, 0), type: ReservationDescriptor.type.get(list) };
  return reservationText(generationIn(data), held);
}

function fullStatusIn(data: Buffer, ports: PortNames): string {
  const list = listIn(data);
  const registrations: RegistrationText[] = [];
  let type = 0;
  for (let at = 0; at < list.length; ) {
    const transportIdAt = at + FullStatusDescriptor.$.length;
    const end = transportIdAt + FullStatusDescriptor.additionalDescriptorLength.get(list, at);
    const targetPort = FullStatusDescriptor.relativeTargetPortIdentifier.get(list, at);
    const nexus = ports.nexusAt(targetPort, list.subarray(transportIdAt, end));
    check(nexus !== undefined, () => 'READ FULL STATUS names a nexus that there is not');
    const holds = FullStatusDescriptor.rHolder.get(list, at) === 1;
    if (holds) type = FullStatusDescriptor.type.get(list, at);
    registrations.push({ nexus, key: keyIn(list, at), holds });
    at = end;
  }
  return fullStatusText(generationIn(data), type, registrations);
}

function generationIn(data: Buffer): number {
  return data.readUInt32BE(0);
}

function listIn(data: Buffer): Buffer {
  return data.subarray(HEADER_LENGTH, HEADER_LENGTH + data.readUInt32BE(4));
}

function keyIn(list: Buffer, at: number): string {
  return list.toString('hex', at, at + RESERVATION_KEY_LENGTH);
}
