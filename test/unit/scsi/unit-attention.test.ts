// Proves the queue of unit attentions: the levels of precedence, what a reset clears, merging, and
// that its bound holds by itself, whatever is established in whatever order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CommandResult } from '../../../src/scsi/command-result.ts';
import { conditions, SenseKey } from '../../../src/scsi/sense-table.ts';
import { UNIT_ATTENTIONS_MAX, UnitAttentions } from '../../../src/scsi/unit-attention.ts';

const all = Object.values(conditions).filter(({ sense }) => sense?.key === SenseKey.unitAttention);

/** Conditions that come before others, the highest first. */
const levels: readonly CommandResult[] = [
  conditions.powerOnResetOrBusDeviceResetOccurred,
  conditions.busDeviceResetFunctionOccurred,
  conditions.iTNexusLossOccurred,
];

function taken(queue: UnitAttentions): CommandResult[] {
  const list: CommandResult[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) list.push(next);
  return list;
}

test('attentions are pending in order, each once, resets first', () => {
  const queue = new UnitAttentions();
  queue.establish(conditions.capacityDataHasChanged);
  queue.establish(conditions.modeParametersChanged);
  queue.establish(conditions.capacityDataHasChanged);
  queue.establish(conditions.busDeviceResetFunctionOccurred);
  assert.equal(queue.length, 3);
  assert.deepEqual(taken(queue), [
    conditions.busDeviceResetFunctionOccurred,
    conditions.capacityDataHasChanged,
    conditions.modeParametersChanged,
  ]);
});

test('a lower reset comes behind a higher one, and a higher one clears it', () => {
  const queue = new UnitAttentions();
  for (const condition of levels) queue.establish(condition);
  assert.deepEqual(taken(queue), levels);
  queue.establish(conditions.modeParametersChanged);
  for (const condition of levels.toReversed()) queue.establish(condition);
  assert.deepEqual(taken(queue), [levels[0], conditions.modeParametersChanged]);
});

test('clearing removes an attention at any place', () => {
  const queue = new UnitAttentions();
  queue.establish(conditions.capacityDataHasChanged);
  queue.establish(conditions.reportedLunsDataHasChanged);
  queue.clear(conditions.reportedLunsDataHasChanged);
  queue.clear(conditions.inquiryDataHasChanged);
  assert.equal(queue.take(), conditions.capacityDataHasChanged);
  assert.equal(queue.length, 0);
});

test('the queue stays bounded and in order under random use', () => {
  const steps = fc.array(fc.option(fc.constantFrom(...all), { freq: 4 }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (conditionsOrTakes) => {
      const queue = new UnitAttentions();
      for (const condition of conditionsOrTakes) {
        if (condition === null) queue.take();
        else queue.establish(condition);
        assert.ok(queue.length <= UNIT_ATTENTIONS_MAX);
      }
      const list = taken(queue);
      assert.equal(new Set(list).size, list.length, 'each once');
      const resets = list.filter((each) => levels.includes(each));
      assert.deepEqual(list.slice(0, resets.length), resets, 'resets come first');
      assert.deepEqual(
        resets,
        levels.filter((each) => resets.includes(each)),
      );
    }),
  );
});

test('there is room for every condition at once', () => {
  const queue = new UnitAttentions();
  for (const condition of levels) queue.establish(condition);
  for (const condition of all) queue.establish(condition);
  assert.equal(queue.length, UNIT_ATTENTIONS_MAX);
});
