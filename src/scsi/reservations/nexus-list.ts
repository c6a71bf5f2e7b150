import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import { BytesReader } from '../../base/bytes/bytes-reader.ts';
import type { NexusName } from './nexus-name.ts';
import {
  type Malformed,
  malformed,
  Names,
  readNames,
  readNexus,
  writeNexus,
} from './record-names.ts';
import { REGISTRATIONS_MAX } from './reservations.ts';

/**
 * The nexuses that an event aborts or notifies, in base64. A PREEMPT AND ABORT may name every
 * registrant twice: as plain text they would be many times as long as the reservations themselves.
 */
export function encodeNexusList(nexuses: readonly NexusName[]): string {
  const names = new Names();
  const body = new ByteWriter().u16(nexuses.length);
  for (const nexus of nexuses) writeNexus(body, nexus, names);
  const bytes = new ByteWriter().bytes(names.encode()).bytes(body.finish()).finish();
  return Buffer.from(bytes).toString('base64');
}

/** Reads what `encodeNexusList` wrote; anything else is refused whole. */
export function decodeNexusList(text: string): readonly NexusName[] | Malformed {
  try {
    return readList(new BytesReader(Uint8Array.from(Buffer.from(text, 'base64'))));
  } catch (error) {
    if (error instanceof RangeError) return malformed('the list of nexuses ends too early');
    throw error;
  }
}

function readList(reader: BytesReader): readonly NexusName[] | Malformed {
  const names = readNames(reader);
  if ('malformed' in names) return names;
  const count = reader.u16();
  if (count > REGISTRATIONS_MAX) return malformed('there are more nexuses than may register');
  const nexuses: NexusName[] = [];
  while (nexuses.length < count) {
    const nexus = readNexus(reader, names);
    if (typeof nexus !== 'string') return nexus;
    nexuses.push(nexus);
  }
  if (!names.areUsed) return malformed('a name is unused');
  if (reader.rest().length > 0) return malformed('there is more in it than the nexuses');
  return nexuses;
}
