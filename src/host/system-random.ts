import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../base/random.ts';

/** The operating system's randomness. */
export const systemRandom: Random = {
  bytes: (length: number): Uint8Array => randomBytes(length),
  below: (bound: number): number => randomInt(bound),
};
