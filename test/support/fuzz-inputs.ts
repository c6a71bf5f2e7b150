// Inputs for parsers of records and messages: random ones, and good ones with damage to their bytes
// or to their content, which is JSON.

import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { SeededRandom, seedOfRun } from './seeded-random.ts';

const RUNS = 2_000;

/** How many inputs a property gets (ALLPATH_FUZZ_RUNS), from which seed (ALLPATH_SEED). */
export function fuzzRun(t: TestContext): { readonly numRuns: number; readonly seed: number } {
  const numRuns = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? RUNS);
  const seed = seedOfRun() ?? new SeededRandom().seed;
  t.diagnostic(`${numRuns} inputs from seed ${seed}`);
  return { numRuns, seed: seed | 0 };
}

/** Of all these kinds. */
export function inputsNear(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.jsonValue().map(encoded) },
    { weight: 4, arbitrary: damaged(good) },
    { weight: 6, arbitrary: altered(good) },
  );
}

/** Bytes near to good ones: some changed, a piece cut out, others put in. */
function damaged(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: 4_000 });
  const changes = fc.array(fc.tuple(place, fc.nat({ max: 255 })), { maxLength: 2 });
  return fc
    .record({ base: good, changes, at: place, cut: fc.nat({ max: 8 }), put: fc.uint8Array() })
    .map(({ base, changes: changed, at, cut, put }) => {
      const bytes = Uint8Array.from(base);
      for (const [where, value] of changed) bytes[where % bytes.length] = value;
      if (cut === 0) return bytes;
      const from = at % bytes.length;
      return Uint8Array.from([...bytes.subarray(0, from), ...put, ...bytes.subarray(from + cut)]);
    });
}

/** Good JSON in which one value is another, or is not there. */
function altered(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const value = fc.oneof(
    fc.constant(undefined),
    fc.constantFrom(-1, 0.5, 1e300, '', '00', '__proto__', null, true, [], {}),
    fc.jsonValue({ maxDepth: 2 }),
  );
  return fc.tuple(good, fc.nat(), value).map(([bytes, at, put]) => {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const places = placesIn(content);
    const place = places[at % places.length]!;
    place.holder[place.key] = put;
    return encoded(content);
  });
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesIn(content: unknown): readonly Place[] {
  if (typeof content !== 'object' || content === null) return [];
  const holder = content as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

function encoded(content: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content) ?? '');
}
