// Proves that no initiator can tell one gateway from four: random programs of commands, task
// management and sessions see the same, byte for byte, when each target port is served by a gateway
// of its own and when one gateway serves all of them. ALLPATH_SEED repeats one program, and
// ALLPATH_PROGRAMS sets how many there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../src/scsi/command-table.ts';
import { fieldValues } from '../one-unit/programs/cdb-fields.ts';
import { compareInMemory } from '../one-unit/programs/compare.ts';
import { dataOuts } from '../one-unit/programs/data-out.ts';
import { textOfFinding } from '../one-unit/programs/finding.ts';
import { GoodRows } from '../one-unit/programs/good-rows.ts';
import { randomProgram } from '../one-unit/programs/random-program.ts';
import { seedOfRun } from '../support/seeded-random.ts';

const timeout = 1_200_000;
const given = seedOfRun();
const first = given ?? 1;
const count = given === undefined ? Number(process.env['ALLPATH_PROGRAMS'] ?? 500) : 1;

test(`${count} programs see the same through four gateways`, { timeout }, async () => {
  const good = new GoodRows();
  for (let seed = first; seed < first + count; seed++) {
    const program = randomProgram(seed);
    const { one, differsAt } = await compareInMemory(program);
    if (differsAt !== undefined) assert.fail(await textOfFinding(program, compareInMemory));
    good.add(program, one);
  }
  if (given !== undefined) return;
  // A row of which no program knows a good command is compared by its refusals alone.
  const refused = commands.filter(({ name }) => good.of(name) === 0);
  assert.deepEqual(
    refused.map(({ name }) => name),
    [],
  );
});

test('what programs say of fields and data is of commands that are there', () => {
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

test('found: a gateway acknowledges an event before it applies it', { timeout }, async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { differsAt } = await compareInMemory(randomProgram(seed), 'eventNotApplied');
    if (differsAt !== undefined) return;
  }
  assert.fail('not found');
});
