/** Upper bounds of the buckets of every histogram; a last bucket takes what is longer. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const BOUNDS_MS = BUCKETS_SECONDS.map((seconds) => seconds * 1000);

/** How long things took: how many fall into each bucket, and their sum. */
export class Histogram {
  /** By bucket, not summed up. */
  readonly counts = new Float64Array(BUCKETS_SECONDS.length + 1);
  count = 0;
  sumMs = 0;

  observe(durationMs: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && durationMs > BOUNDS_MS[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.count++;
    this.sumMs += durationMs;
  }
}
