import type { Random } from '../base/random.ts';

/** A random (version 4) UUID. */
export function generateUuid(random: Random): string {
  const bytes = Uint8Array.from(random.bytes(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = hex(bytes);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => text.slice(cuts[i], end))
    .join('-');
}

/**
 * A name for VPD page 83h: NAA 3h (locally assigned, 60 random bits), or under an OUI of the
 * user's NAA 6h (IEEE registered extended, 100 random bits).
 */
export function generateNaa(random: Random, oui: string | undefined): string {
  if (oui === undefined) return `naa.3${hex(random.bytes(8)).slice(1)}`;
  return `naa.6${oui}${hex(random.bytes(13)).slice(1)}`;
}

/** For VPD page 80h: 16 hexadecimal digits. */
export function generateSerial(random: Random): string {
  return hex(random.bytes(8)).toUpperCase();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
