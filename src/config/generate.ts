import { assert } from '../base/assert.ts';
import type { Random } from '../base/random.ts';

/** A random (version 4) UUID. */
export function generateUuid(random: Random): string {
  const bytes = randomBytes(random, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = hex(bytes);
  const cuts = [0, 8, 12, 16, 20, 32];
  const parts = cuts.slice(1).map((end, i) => text.slice(cuts[i], end));
  assert(parts.join('').length === text.length, 'a UUID has all of its digits');
  return parts.join('-');
}

/**
 * A name for VPD page 83h: NAA 3h (locally assigned, 60 random bits), or under an OUI of the
 * user's NAA 6h (IEEE registered extended, 100 random bits).
 */
export function generateNaa(random: Random, oui: string | undefined): string {
  if (oui === undefined) return `naa.3${hex(randomBytes(random, 8)).slice(1)}`;
  const name = `6${oui}${hex(randomBytes(random, 13)).slice(1)}`;
  assert(name.length === 32, 'a name of NAA 6h has 32 digits');
  return `naa.${name}`;
}

/** For VPD page 80h: 16 hexadecimal digits. */
export function generateSerial(random: Random): string {
  return hex(randomBytes(random, 8)).toUpperCase();
}

function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = Uint8Array.from(random.bytes(length));
  assert(bytes.length === length, 'as many random bytes come as were asked for');
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
