/** Randomness as everything below `gateway` sees it. */
export interface Random {
  /** `length` unpredictable bytes (seeded ones in tests). */
  bytes(length: number): Uint8Array;
  /** An integer from 0 up to, not including, `bound`. */
  below(bound: number): number;
}
