// Proves how names of the standards and of the code become values of labels.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelValue } from '../../../src/metrics/label-value.ts';

test('names of commands, statuses and operations become values of labels', () => {
  const values = ['READ (16)', 'COMPARE AND WRITE', 'checkCondition', 'compareAndWrite', 'busy'];
  assert.deepEqual(values.map(labelValue), [
    'read',
    'compare_and_write',
    'check_condition',
    'compare_and_write',
    'busy',
  ]);
});
