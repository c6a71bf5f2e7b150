import { assert } from '../../base/assert.ts';
import { initiatorPort } from './initiator-port.ts';
import { transportIdOf } from './nexus-name.ts';
import { REGISTRATIONS_MAX, type Reservations } from './reservations.ts';

/** What the reservations of a unit take in its record, at most. */
export const RESERVATIONS_MAX_BYTES = 96 * 1024;

/** A registration: name, ISID, target port, key, flags. */
const REGISTRATION_BYTES = 19;

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
  const names = new Set<string>();
  let namesBytes = 0;
  for (const nexus of registrations.keys()) {
    const { name } = initiatorPort(transportIdOf(nexus));
    const text = Buffer.from(name).toString('latin1');
    if (names.has(text)) continue;
    names.add(text);
    namesBytes += nameBytes(name);
  }
  return size * REGISTRATION_BYTES + namesBytes + OTHER_MAX_BYTES <= RESERVATIONS_MAX_BYTES;
}

/** A name, with its kind and its length. */
function nameBytes(name: Uint8Array): number {
  return 2 + name.length;
}
