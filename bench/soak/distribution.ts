/** The distribution of a list of measurements, rounded to tenths. */
export interface Distribution {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => {
    const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
    return Math.round((sorted[index] ?? 0) * 10) / 10;
  };
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
