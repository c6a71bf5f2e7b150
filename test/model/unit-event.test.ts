// The model of the LU-wide event: it holds in small configurations, visited whole, and each planted
// error is found. `npm run model` checks the larger ones.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurations } from '../../models/configurations.ts';
import { checkModel, resultIn } from '../../models/model-check.ts';
import { plantedErrors } from '../../models/planted-errors.ts';

const timeout = 600_000;

for (const { name, settings } of configurations.filter(({ isQuick }) => isQuick)) {
  test(`holds: ${name}`, { timeout }, async (t) => {
    const result = await checkModel({ settings, isQuick: true });
    assert.equal(result.violated, undefined);
    assert.ok(result.isExhaustive);
    t.diagnostic(`${result.states} states`);
  });
}

for (const [planted, { step, error, settings }] of Object.entries(plantedErrors)) {
  test(`found: ${step}, ${error}`, { timeout }, async () => {
    const { violated } = await checkModel({ settings, macro: planted, isQuick: true });
    assert.notEqual(violated, undefined, `${planted} is not found`);
  });
}

test('each planted error is in the model and on its page, at its step', () => {
  const model = readText('models/unit-event.pml');
  const page = readText('docs/internals/unit-event.md');
  for (const [planted, { step }] of Object.entries(plantedErrors)) {
    assert.match(model, new RegExp(`\\b${planted}\\b`));
    const steps = page.split(/^(?=- \*\*[A-Z]\d+\*\* )/m);
    const ofStep = steps.find((text) => text.startsWith(`- **${step}** `)) ?? '';
    assert.ok(ofStep.includes(`\`${planted}\``), `${planted} is not at ${step}`);
  }
});

test('an unfinished search is not taken for an exhaustive one', () => {
  const end = 'State-vector 108 byte, depth reached 9, errors: 0\n  12 states, stored\n';
  assert.equal(resultIn(end).isExhaustive, true);
  assert.equal(resultIn(`error: max search depth too small\n${end}`).isExhaustive, false);
  assert.equal(resultIn(`pan: reached -DMEMLIM bound\n${end}`).isExhaustive, false);
});

function readText(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
