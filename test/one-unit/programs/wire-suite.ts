// Random programs over gateways as processes, for every store.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOfRun } from '../../support/seeded-random.ts';
import { textOfDifference } from './finding.ts';
import { randomProgram } from './random-program.ts';
import { compareOverWire, type StartGateways } from './wire-compare.ts';

const PROGRAMS = 12;

/** Proves it with the gateways that `start` starts. */
export function oneUnitPrograms(place: string, start: StartGateways): void {
  const given = seedOfRun();
  const first = given ?? 1;
  const count = given === undefined ? Number(process.env['ALLPATH_PROGRAMS'] ?? PROGRAMS) : 1;
  test(`${count} programs see the same through four gateways, ${place}`, async (t) => {
    const seeds = Array.from({ length: count }, (_, at) => first + at);
    const programs = seeds.map((seed) => randomProgram(seed, { inMemory: false }));
    const compared = await compareOverWire(programs, start);
    t.diagnostic(`${compared.size} programs were compared`);
    assert.ok(compared.size > 0);
    for (const [program, comparison] of compared) {
      if (comparison.differsAt === undefined) continue;
      assert.fail(textOfDifference(program, comparison));
    }
  });
}
