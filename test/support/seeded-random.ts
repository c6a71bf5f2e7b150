import type { Random } from '../../src/base/random.ts';

/** Randomness that a test repeats from its printed seed (mulberry32). */
export class SeededRandom implements Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number = (Math.random() * 0x1_0000_0000) >>> 0) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#next() >>> 24;
    return bytes;
  }

  below(bound: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * bound);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  }
}

/** The seed that the environment asks for, else a fresh one. */
export function seedOfRun(): number | undefined {
  const text = process.env['ALLPATH_SEED'];
  return text === undefined ? undefined : Number(text);
}
