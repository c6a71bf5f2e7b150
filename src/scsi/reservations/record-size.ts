import { assert } from '../../base/assert.ts';
import { initiatorPort } from './initiator-port.ts';
import type { NexusName } from './nexus-name.ts';
import { REGISTRATIONS_MAX, type Reservations } from './reservations.ts';

/** What the reservations of a unit take in its record, at most. */
export const RESERVATIONS_MAX_BYTES = 96 * 1024;

/** A registration: name, ISID, target port, key, flags. */
const REGISTRATION_BYTES = 19;

/** Of a name: its kind and its length. */
const NAME_HEAD_BYTES = 2;

/** All but names and registrations, with the longest name of an incarnation. */
const OTHER_MAX_BYTES = 1024;

assert(
  REGISTRATIONS_MAX * REGISTRATION_BYTES + OTHER_MAX_BYTES < RESERVATIONS_MAX_BYTES,
  'there is room for names beside as many registrations as there may be',
);

/** There is room for the registrations, whatever else is reserved. */
export function fitsRecord({ registrations }: Reservations): boolean {
  const { size } = registrations;
  if (size > REGISTRATIONS_MAX) return false;
  if (bytesOf(size, namesMaxBytes(registrations.keys())) <= RESERVATIONS_MAX_BYTES) return true;
  const names = new Set<string>();
  let namesBytes = 0;
  for (const nexus of registrations.keys()) {
    const { name } = initiatorPort(nexus);
    if (names.has(name)) continue;
    names.add(name);
    namesBytes += NAME_HEAD_BYTES + name.length / 2;
  }
  return bytesOf(size, namesBytes) <= RESERVATIONS_MAX_BYTES;
}

function bytesOf(registrations: number, namesBytes: number): number {
  return registrations * REGISTRATION_BYTES + namesBytes + OTHER_MAX_BYTES;
}

/** What the names take if no two are the same: a name is part of a TransportID, in hex digits. */
function namesMaxBytes(nexuses: Iterable<NexusName>): number {
  let bytes = 0;
  for (const nexus of nexuses) bytes += NAME_HEAD_BYTES + nexus.length / 2;
  return bytes;
}
