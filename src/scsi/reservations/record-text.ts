import { decodeReservations, encodeReservations } from './record.ts';
import type { Reservations } from './reservations.ts';

/**
 * The text of each state that was written or read: most events leave the reservations as they are,
 * and thousands of registrations take milliseconds to encode, and to decode.
 */
const texts = new WeakMap<Reservations, string>();

/** The reservations as text, for records and messages that are JSON: base64 of their encoding. */
export function reservationsText(state: Reservations): string {
  const known = texts.get(state);
  if (known !== undefined) return known;
  const text = Buffer.from(encodeReservations(state)).toString('base64');
  texts.set(state, text);
  return text;
}

/**
 * Throws an `Error` with a reason in words. `known` is returned when the text says the same, which
 * shows without decoding because a state has exactly one encoding.
 */
export function reservationsOfText(text: string, known?: Reservations): Reservations {
  if (known !== undefined && reservationsText(known) === text) return known;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Error('reservations: the text is not base64');
  const decoded = decodeReservations(Uint8Array.from(bytes));
  if ('malformed' in decoded) throw new Error(`reservations: ${decoded.malformed}`);
  texts.set(decoded, text);
  return decoded;
}
