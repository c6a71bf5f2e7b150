import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import { BytesReader } from '../../base/bytes/bytes-reader.ts';
import { utf8Text } from '../../base/bytes/utf8-text.ts';
import type { NexusName } from './nexus-name.ts';
import {
  type Malformed,
  malformed,
  Names,
  type ReadNames,
  readNames,
  readNexus,
  writeNexus,
} from './record-names.ts';
import { RESERVATIONS_MAX_BYTES } from './record-size.ts';
import {
  isAllRegistrants,
  isReservationType,
  type NexusSession,
  NO_KEY,
  type PersistentReservation,
  REGISTRATIONS_MAX,
  type ReservationKey,
  type Reservations,
} from './reservations.ts';

/** The format that this program writes. */
const RESERVATIONS_FORMAT = 1;

const Flag = { aptpl: 1 << 0, persistent: 1 << 1, reserve: 1 << 2 } as const;
const FLAGS_KNOWN = Flag.aptpl | Flag.persistent | Flag.reserve;
const KEY_BYTES = 8;
const INCARNATION_MAX_BYTES = 255;

/**
 * The reservations of a unit in its record. There is one encoding of a state: names of initiators
 * in the order of their first use, each once, then the registrations in their order.
 */
export function encodeReservations(state: Reservations): Uint8Array {
  const { registrations, persistent, reserve } = state;
  const names = new Names();
  const body = new ByteWriter().u16(registrations.size);
  for (const [nexus, key] of registrations) {
    writeNexus(body, nexus, names);
    body.digits(key).u8(0);
  }
  if (persistent !== undefined) writePersistent(body, persistent, [...registrations.keys()]);
  if (reserve !== undefined) writeReserve(body, reserve, names);
  const flags =
    (state.aptpl ? Flag.aptpl : 0) |
    (persistent === undefined ? 0 : Flag.persistent) |
    (reserve === undefined ? 0 : Flag.reserve);
  const head = new ByteWriter().u8(RESERVATIONS_FORMAT).u8(flags).u64(state.life);
  const encoded = head.u32(state.generation).bytes(names.encode()).bytes(body.finish()).finish();
  assert(encoded.length <= RESERVATIONS_MAX_BYTES, 'what is registered fits the record');
  return encoded;
}

function writePersistent(
  writer: ByteWriter,
  { type, holder }: PersistentReservation,
  registered: readonly NexusName[],
): void {
  writer.u8(type);
  if (holder === undefined) return;
  const at = registered.indexOf(holder);
  assert(at >= 0, 'the holder of a reservation is registered');
  writer.u16(at);
}

function writeReserve(writer: ByteWriter, reserve: NexusSession, names: Names): void {
  const incarnation = new TextEncoder().encode(reserve.incarnation);
  assert(incarnation.length <= INCARNATION_MAX_BYTES, 'an incarnation has a short name');
  writeNexus(writer, reserve.nexus, names);
  writer.length8((inner) => inner.bytes(incarnation)).u64(reserve.number);
}

/** Reads what `encodeReservations` wrote; anything else is refused whole. */
export function decodeReservations(bytes: Uint8Array): Reservations | Malformed {
  if (bytes.length > RESERVATIONS_MAX_BYTES) return malformed('the record is too long');
  try {
    return readReservations(bytes);
  } catch (error) {
    if (error instanceof RangeError) return malformed('the record ends too early');
    throw error;
  }
}

function readReservations(bytes: Uint8Array): Reservations | Malformed {
  const reader = new BytesReader(bytes);
  const format = reader.u8();
  if (format > RESERVATIONS_FORMAT) return malformed(`format ${format} is of a later release`);
  if (format !== RESERVATIONS_FORMAT) return malformed(`format ${format} does not exist`);
  const flags = reader.u8();
  if ((flags & ~FLAGS_KNOWN) !== 0) return malformed('a flag is set that does not exist');
  const life = reader.u64();
  if (!Number.isSafeInteger(life)) return malformed('the number of the life is too large');
  const generation = reader.u32();
  const names = readNames(reader);
  if ('malformed' in names) return names;
  const registrations = readRegistrations(reader, names);
  if ('malformed' in registrations) return registrations;
  const persistent = readPersistent(reader, flags, [...registrations.keys()]);
  if (persistent !== undefined && 'malformed' in persistent) return persistent;
  const reserve = readReserve(reader, flags, names);
  if (reserve !== undefined && 'malformed' in reserve) return reserve;
  if (!names.areUsed) return malformed('a name is unused');
  if (reader.rest().length > 0) return malformed('there is more in it than the reservations');
  const aptpl = (flags & Flag.aptpl) !== 0;
  return { life, generation, aptpl, registrations, persistent, reserve };
}

function readRegistrations(
  reader: BytesReader,
  names: ReadNames,
): Map<NexusName, ReservationKey> | Malformed {
  const count = reader.u16();
  if (count > REGISTRATIONS_MAX) return malformed('there are more registrations than may be');
  const registrations = new Map<NexusName, ReservationKey>();
  while (registrations.size < count) {
    const nexus = readNexus(reader, names);
    if (typeof nexus !== 'string') return nexus;
    const key = reader.digits(KEY_BYTES);
    if (reader.u8() !== 0) return malformed('a registration has a flag that does not exist');
    if (key === NO_KEY) return malformed('a registration has key 0');
    if (registrations.has(nexus)) return malformed('a nexus is registered twice');
    registrations.set(nexus, key);
  }
  return registrations;
}

function readPersistent(
  reader: BytesReader,
  flags: number,
  registered: readonly NexusName[],
): PersistentReservation | undefined | Malformed {
  if ((flags & Flag.persistent) === 0) return undefined;
  const type = reader.u8();
  if (!isReservationType(type)) return malformed(`a reservation is of type ${type}`);
  if (registered.length === 0) return malformed('a reservation has no registrant');
  if (isAllRegistrants(type)) return { type, holder: undefined };
  const holder = registered[reader.u16()];
  return holder === undefined ? malformed('the holder is not registered') : { type, holder };
}

function readReserve(
  reader: BytesReader,
  flags: number,
  names: ReadNames,
): NexusSession | undefined | Malformed {
  if ((flags & Flag.reserve) === 0) return undefined;
  const nexus = readNexus(reader, names);
  if (typeof nexus !== 'string') return nexus;
  const incarnation = utf8Text(reader.bytes(reader.u8()));
  const number = reader.u64();
  if (incarnation === undefined) return malformed('the name of an incarnation is not text');
  if (!Number.isSafeInteger(number)) return malformed('the number of a session is too large');
  return { nexus, incarnation, number };
}
