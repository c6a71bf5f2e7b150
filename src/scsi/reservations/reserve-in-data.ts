import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import {
  FullStatusDescriptor,
  LU_SCOPE,
  ReportCapabilitiesData,
  ReservationDescriptor,
} from '../standard/persistent-reservations.ts';
import { type NexusName, targetPortOf, transportIdOf } from './nexus-name.ts';
import { isHolder, NO_KEY, type ReservationKey, type Reservations } from './reservations.ts';

/** READ KEYS: the key of every registration, in the order in which they were made. */
export const keysData = oncePerState((state) =>
  listData(state, (writer) => {
    for (const key of state.registrations.values()) writer.bytes(bytesOf(key));
  }),
);

/** READ RESERVATION: the reservation, if there is one. */
export function reservationData(state: Reservations): Uint8Array {
  return listData(state, (writer) => {
    const { persistent, registrations } = state;
    if (persistent === undefined) return;
    const { holder, type } = persistent;
    const key = holder === undefined ? NO_KEY : (registrations.get(holder) ?? NO_KEY);
    const descriptor = new Uint8Array(ReservationDescriptor.$.length);
    descriptor.set(bytesOf(key), ReservationDescriptor.reservationKey.byte);
    ReservationDescriptor.scope.set(descriptor, LU_SCOPE);
    ReservationDescriptor.type.set(descriptor, type);
    writer.bytes(descriptor);
  });
}

/** READ FULL STATUS: every registration with its nexus. */
export const fullStatusData = oncePerState((state) =>
  listData(state, (writer) => {
    for (const [nexus, key] of state.registrations) writeFullStatus(writer, state, nexus, key);
  }),
);

/** REPORT CAPABILITIES: the same for every unit. */
export function capabilitiesData(state: Reservations): Uint8Array {
  const data = new Uint8Array(ReportCapabilitiesData.$.length);
  ReportCapabilitiesData.length.set(data, data.length);
  ReportCapabilitiesData.crh.set(data, 1);
  ReportCapabilitiesData.sipC.set(data, 1);
  ReportCapabilitiesData.atpC.set(data, 1);
  ReportCapabilitiesData.ptplC.set(data, 1);
  ReportCapabilitiesData.tmv.set(data, 1);
  ReportCapabilitiesData.ptplA.set(data, state.aptpl ? 1 : 0);
  ReportCapabilitiesData.wrExAr.set(data, 1);
  ReportCapabilitiesData.exAcRo.set(data, 1);
  ReportCapabilitiesData.wrExRo.set(data, 1);
  ReportCapabilitiesData.exAc.set(data, 1);
  ReportCapabilitiesData.wrEx.set(data, 1);
  ReportCapabilitiesData.exAcAr.set(data, 1);
  return data;
}

/** A state may have thousands of registrations, and initiators may ask for them without a pause. */
function oncePerState(dataOf: (state: Reservations) => Uint8Array) {
  const known = new WeakMap<Reservations, Uint8Array>();
  return (state: Reservations): Uint8Array => {
    const data = known.get(state) ?? dataOf(state);
    known.set(state, data);
    return data;
  };
}

/** PRGENERATION, and a list whose length is told as it is, however little of it is asked for. */
function listData(state: Reservations, body: (writer: ByteWriter) => void): Uint8Array {
  return new ByteWriter().u32(state.generation).length32(body).finish();
}

/** Each nexus has a descriptor of its own: ALL_TG_PT is 0 (SPC-4 allows either). */
function writeFullStatus(
  writer: ByteWriter,
  state: Reservations,
  nexus: NexusName,
  key: ReservationKey,
): void {
  const transportId = transportIdOf(nexus);
  const descriptor = new Uint8Array(FullStatusDescriptor.$.length);
  descriptor.set(bytesOf(key), FullStatusDescriptor.reservationKey.byte);
  if (state.persistent !== undefined && isHolder(state, nexus)) {
    FullStatusDescriptor.rHolder.set(descriptor, 1);
    FullStatusDescriptor.scope.set(descriptor, LU_SCOPE);
    FullStatusDescriptor.type.set(descriptor, state.persistent.type);
  }
  FullStatusDescriptor.relativeTargetPortIdentifier.set(descriptor, targetPortOf(nexus));
  FullStatusDescriptor.additionalDescriptorLength.set(descriptor, transportId.length);
  writer.bytes(descriptor).bytes(transportId);
}

function bytesOf(key: ReservationKey): Uint8Array {
  return Buffer.from(key, 'hex');
}
