const UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const;
const PATTERN = /^(0|[1-9][0-9]{0,15})([KMGTP]?)$/;

/**
 * Reads a size in bytes: `4096`, `512M`, `1G`, `10T` (powers of 1024). Nothing else is understood:
 * undefined for signs, fractions, spaces, `1GB`, small letters and numbers beyond 2^53 - 1.
 */
export function parseSize(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.indexOf(match[2] as (typeof UNITS)[number]);
  const bytes = Number(match[1]) * 1024 ** unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest exact text that `parseSize` reads back: `1G`, `1536M`, `1000`. */
export function formatSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value !== 0 && value % 1024 === 0 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${UNITS[unit]}`;
}
