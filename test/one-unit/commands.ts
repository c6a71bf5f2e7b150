// Commands of the suite as initiators send them, and how their answers read.

import { inquiry, read16, readCapacity16, write16 } from '../initiator/cdb.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { type ReserveOutOptions, reserveOutCdb, reserveOutList } from '../support/reserve-out.ts';

type Request = Omit<ScsiRequest, 'lun'>;

export const RESERVATION_CONFLICT = 0x18;
const CHECK_CONDITION = 0x02;
const UNIT_ATTENTION = 0x06;
const ALLOCATION_LENGTH = 255;
const BLOCK_LENGTH = 512;
/** Of a write that is kept waiting for its data. */
export const WAITING_WRITE_LENGTH = 8 * BLOCK_LENGTH;

/** ADDITIONAL SENSE CODE and QUALIFIER of a unit attention; undefined for any other answer. */
export function additionalSense({ status, sense }: ScsiResult): string | undefined {
  if (status !== CHECK_CONDITION || senseKey(sense) !== UNIT_ATTENTION) return undefined;
  return senseCode(sense);
}

export function senseCode(sense: Buffer): string {
  const at = isDescriptorFormat(sense) ? 2 : 12;
  return sense.subarray(at, at + 2).toString('hex');
}

/** 0 without sense data. */
export function senseKey(sense: Buffer): number {
  return sense.length < 3 ? 0 : sense[isDescriptorFormat(sense) ? 1 : 2]! & 0x0f;
}

export function isDescriptorFormat(sense: Buffer): boolean {
  return (sense[0]! & 0x7f) >= 0x72;
}

export function write(): Request {
  return { cdb: write16(0, 1), dataOut: Buffer.alloc(BLOCK_LENGTH, 'w') };
}

export function read(): Request {
  return { cdb: read16(0, 1), dataInLength: BLOCK_LENGTH };
}

/** Its data is to be asked for by R2T. */
export function waitingWrite(): Request {
  const dataOut = Buffer.alloc(WAITING_WRITE_LENGTH, 'x');
  const cdb = write16(8, WAITING_WRITE_LENGTH / BLOCK_LENGTH);
  return { cdb, dataOut };
}

/** An LBA that no disk of the suite has. */
export function readOutOfRange(): Request {
  return { cdb: read16(2 ** 40, 1), dataInLength: BLOCK_LENGTH };
}

export function capacity(): Request {
  return { cdb: readCapacity16(), dataInLength: 32 };
}

export function standardInquiry(): Request {
  return { cdb: inquiry(36), dataInLength: 36 };
}

/** MODE SENSE (6) of the control page, current or saved, without block descriptors. */
export function senseControlPage(isSaved = false): Request {
  const pageControl = isSaved ? 0b11 : 0b00;
  const cdb = Uint8Array.of(0x1a, 0x08, (pageControl << 6) | 0x0a, 0, ALLOCATION_LENGTH, 0);
  return { cdb, dataInLength: ALLOCATION_LENGTH };
}

/** MODE SELECT (6) of a control page, as `senseControlPage` returned it and then changed. */
export function selectControlPage(list: Buffer, isSaved = false): Request {
  const flags = isSaved ? 0x11 : 0x10;
  return { cdb: Uint8Array.of(0x15, flags, 0, 0, list.length, 0), dataOut: list };
}

export function requestSense(): Request {
  const cdb = Uint8Array.of(0x03, 0, 0, 0, ALLOCATION_LENGTH, 0);
  return { cdb, dataInLength: ALLOCATION_LENGTH };
}

/** SET IDENTIFYING INFORMATION of the peripheral device. */
export function setIdentifyingInformation(text: string): Request {
  const cdb = Uint8Array.of(0xa4, 0x06, 0, 0, 0, 0, 0, 0, 0, text.length, 0, 0);
  return { cdb, dataOut: Buffer.from(text) };
}

export function reportIdentifyingInformation(): Request {
  const cdb = Uint8Array.of(0xa3, 0x05, 0, 0, 0, 0, 0, 0, 0, ALLOCATION_LENGTH, 0, 0);
  return { cdb, dataInLength: ALLOCATION_LENGTH };
}

export function reserve(): Request {
  return { cdb: Uint8Array.of(0x16, 0, 0, 0, 0, 0) };
}

export function release(): Request {
  return { cdb: Uint8Array.of(0x17, 0, 0, 0, 0, 0) };
}

export function reserveOut(
  action: number,
  options: ReserveOutOptions & { readonly type?: number } = {},
): Request {
  const dataOut = reserveOutList(options);
  const cdb = Uint8Array.from(reserveOutCdb(action, options.type ?? 0, dataOut.length));
  return { cdb, dataOut };
}

const ReserveInAction = { readKeys: 0, readReservation: 1 } as const;
const RESERVE_IN_LENGTH = 4096;

function reserveIn(action: number): Request {
  const cdb = Uint8Array.of(0x5e, action, 0, 0, 0, 0, 0, RESERVE_IN_LENGTH >> 8, 0, 0);
  return { cdb, dataInLength: RESERVE_IN_LENGTH };
}

export function readKeys(): Request {
  return reserveIn(ReserveInAction.readKeys);
}

export function readReservation(): Request {
  return reserveIn(ReserveInAction.readReservation);
}

/** The keys of READ KEYS parameter data, in ascending order. */
export function keysOf(data: Buffer): readonly number[] {
  const count = data.readUInt32BE(4) / 8;
  const keys = Array.from({ length: count }, (_, at) => Number(data.readBigUInt64BE(8 + 8 * at)));
  return keys.sort((left, right) => left - right);
}

/** Key and type of READ RESERVATION parameter data; undefined without a reservation. */
export function reservationOf(data: Buffer): { key: number; type: number } | undefined {
  if (data.readUInt32BE(4) === 0) return undefined;
  return { key: Number(data.readBigUInt64BE(8)), type: data[21]! & 0x0f };
}
