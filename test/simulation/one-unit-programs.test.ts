// Proves that no initiator can tell one gateway from four: random programs of commands, task
// management and sessions see the same, byte for byte, when each target port is served by a gateway
// of its own and when one gateway serves all of them. ALLPATH_SEED repeats one program, and
// ALLPATH_PROGRAMS sets how many there are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type PlantedError, plantedErrors } from '../../sim/planted-errors.ts';
import { commands } from '../../src/scsi/command-table.ts';
import { fieldValues } from '../one-unit/programs/cdb-fields.ts';
import { compareInMemory } from '../one-unit/programs/compare.ts';
import { dataOuts } from '../one-unit/programs/data-out.ts';
import { textOfFinding } from '../one-unit/programs/finding.ts';
import { GoodRows } from '../one-unit/programs/good-rows.ts';
import { plantedInPrograms } from '../one-unit/programs/planted-in-programs.ts';
import { randomProgram } from '../one-unit/programs/random-program.ts';
import { seedOfRun } from '../support/seeded-random.ts';

const timeout = 1_200_000;
const PROGRAMS = 500;
/** More run until each row of the command table had a good command. */
const PROGRAMS_MAX = 3_000;
const PROGRAMS_PLANTED_MAX = 500;
const given = seedOfRun();
const first = given ?? 1;
const count = given === undefined ? Number(process.env['ALLPATH_PROGRAMS'] ?? PROGRAMS) : 1;

test(`${count} programs see the same through four gateways`, { timeout }, async (t) => {
  const good = new GoodRows();
  // A row of which no program has a good command would be compared by its refusals alone.
  const refused = () => commands.map(({ name }) => name).filter((name) => good.of(name) === 0);
  const isWhole = count >= PROGRAMS;
  let ran = 0;
  for (; ran < count || (isWhole && ran < PROGRAMS_MAX && refused().length > 0); ran++) {
    const program = randomProgram(first + ran);
    const { one, differsAt } = await compareInMemory(program);
    if (differsAt !== undefined) assert.fail(await textOfFinding(program, compareInMemory));
    good.add(program, one);
  }
  t.diagnostic(`${ran} programs`);
  if (isWhole) assert.deepEqual(refused(), []);
});

test('all fields and data of programs belong to commands that exist', () => {
  const fields = new Set(commands.flatMap(({ cdb }) => Object.keys(cdb.$.fields)));
  assert.deepEqual(
    Object.keys(fieldValues).filter((name) => !fields.has(name)),
    [],
  );
  const cdbs = new Set(commands.map(({ cdb }) => cdb.$.name));
  assert.deepEqual(
    Object.keys(dataOuts).filter((name) => !cdbs.has(name)),
    [],
  );
});

for (const planted of Object.keys(plantedErrors) as PlantedError[]) {
  if (plantedInPrograms[planted] !== 'found') continue;
  test(`found: ${plantedErrors[planted]}`, { timeout }, async (t) => {
    for (let seed = 1; seed <= PROGRAMS_PLANTED_MAX; seed++) {
      const { differsAt } = await compareInMemory(randomProgram(seed), planted);
      if (differsAt === undefined) continue;
      t.diagnostic(`program ${seed}`);
      return;
    }
    assert.fail('not found');
  });
}

test('the page has each planted error that programs do not find, with the reason', () => {
  const page = readFileSync('docs/internals/one-unit.md', 'utf8');
  for (const [planted, outcome] of Object.entries(plantedInPrograms)) {
    const reason = outcome === 'found' ? 'found' : outcome.because;
    assert.ok(page.includes(`| \`${planted}\` | ${reason} |`), planted);
  }
});
