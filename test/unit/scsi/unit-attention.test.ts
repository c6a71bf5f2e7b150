// Proves the queue of unit attentions: order, precedence of resets, merging and its bound.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { conditions } from '../../../src/scsi/sense-table.ts';
import { UNIT_ATTENTIONS_MAX, UnitAttentions } from '../../../src/scsi/unit-attention.ts';

test('in order, each once, resets first', () => {
  const queue = new UnitAttentions();
  queue.establish(conditions.capacityDataHasChanged);
  queue.establish(conditions.modeParametersChanged);
  queue.establish(conditions.capacityDataHasChanged);
  queue.establish(conditions.busDeviceResetFunctionOccurred);
  assert.equal(queue.length, 3);
  assert.equal(queue.take(), conditions.busDeviceResetFunctionOccurred);
  assert.equal(queue.take(), conditions.capacityDataHasChanged);
  assert.equal(queue.take(), conditions.modeParametersChanged);
  assert.equal(queue.take(), undefined);
});

test('clearing takes one off wherever it is', () => {
  const queue = new UnitAttentions();
  queue.establish(conditions.capacityDataHasChanged);
  queue.establish(conditions.reportedLunsDataHasChanged);
  queue.clear(conditions.reportedLunsDataHasChanged);
  queue.clear(conditions.inquiryDataHasChanged);
  assert.equal(queue.take(), conditions.capacityDataHasChanged);
  assert.equal(queue.length, 0);
});

test('never more than its bound', () => {
  const queue = new UnitAttentions();
  for (let code = 0; code < 100; code++) {
    queue.establish({ status: 2, sense: { key: 6, code: 0x3000 + code } });
  }
  assert.equal(queue.length, UNIT_ATTENTIONS_MAX);
});
