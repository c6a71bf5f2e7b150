// The model of the LU-wide event: it holds in small configurations, visited whole, and each planted
// error is found. `npm run model` checks the larger ones.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurations } from '../../models/configurations.ts';
import { checkModel, resultIn, stepsIn } from '../../models/model-check.ts';
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

test('every run ends: none comes to a state that it was in before', { timeout }, async () => {
  const { settings } = configurations[0]!;
  const result = await checkModel({ settings, isQuick: true, forCycles: true });
  assert.equal(result.violated, undefined);
  assert.ok(result.isExhaustive);
});

for (const [planted, { step, error, settings }] of Object.entries(plantedErrors)) {
  test(`found: ${step}, ${error}`, { timeout }, async () => {
    const { violated } = await checkModel({ settings, macro: planted, isQuick: true });
    assert.notEqual(violated, undefined, `${planted} is not found`);
  });
}

test('each planted error is in the model, and on its page at its step', () => {
  const model = readText('models/planted-errors.pml');
  const page = readText('docs/internals/unit-event.md');
  test('every run ends: none comes to a state that it was in before', { timeout }, async () => {
    const { settings } = configurations[0]!;
    const result = await checkModel({ settings, isQuick: true, forCycles: true });
    assert.equal(result.violated, undefined);
    assert.ok(result.isExhaustive);
  });

  for (const [planted, { step }] of Object.entries(plantedErrors)) {
    assert.match(model, new RegExp(`^#ifdef ${planted}$`, 'm'));
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

test('a trace is read as gateways, lines and assignments', () => {
  const line = '  9:\tproc  3 (gateway:1) models/unit-event.pml:300 (state 5)\t';
  const guard = `${line}[(alive[i])]`;
  assert.deepEqual(stepsIn(`${guard}\n${line}[applied[i] = committed]\n`), [
    'gateway 1, line 300: applied = committed',
  ]);
});

function readText(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
