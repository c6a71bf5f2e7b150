import { Buffer } from 'node:buffer';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/**
 * A binary value in text: hexadecimal (0x) or base64 (0b), RFC 7143 Undefined when
 * it is neither, or longer than `lengthMax` bytes.
 */
export function parseBinary(value: string, lengthMax: number): Uint8Array | undefined {
  const prefix = value.slice(0, 2).toLowerCase();
  const digits = value.slice(2);
  if (prefix === '0x') return parseHex(digits, lengthMax);
  if (prefix !== '0b' || digits === '' || !BASE64.test(digits)) return undefined;
  const bytes = Buffer.from(digits, 'base64');
  return bytes.length <= lengthMax ? bytes : undefined;
}

/** An odd number of digits stands for a value whose first half byte is 0. */
function parseHex(digits: string, lengthMax: number): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length > 2 * lengthMax) return undefined;
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}

export function formatBinary(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}
