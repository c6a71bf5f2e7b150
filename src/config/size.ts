import { assert } from '../base/assert.ts';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const;
const PATTERN = /^(0|[1-9][0-9]{0,15})([KMGTP]?)$/;

/**
 * Reads a size in bytes: `4096`, `512M`, `1G`, `10T` (powers of 1024). Nothing else is understood:
 * undefined for signs, fractions, spaces, `1GB` and small letters. A size that is too large for an
 * exact number of bytes is returned rounded, so that a limit can refuse it by name.
 */
export function parseSize(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.indexOf(match[2] as (typeof UNITS)[number]);
  return Number(match[1]) * 1024 ** unit;
}

/** The shortest exact text that `parseSize` reads back: `1G`, `1536M`, `1000`. */
export function formatSize(bytes: number): string {
  assert(Number.isSafeInteger(bytes) && bytes >= 0, 'a size is a whole number of bytes');
  let unit = 0;
  let value = bytes;
  while (value !== 0 && value % 1024 === 0 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${UNITS[unit]}`;
}
