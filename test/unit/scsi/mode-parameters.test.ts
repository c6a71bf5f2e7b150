// Proves how mode parameters read in a life of the cluster: as after a power on in a later one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultModes, modesInLife } from '../../../src/scsi/mode-parameters.ts';

const saved = defaultModes(true);
const current = { ...saved, swp: true };

test('current values last for their life; in a later one the saved values are current', () => {
  const modes = { current, saved, life: 3 };
  assert.equal(modesInLife(modes, 3), modes);
  assert.deepEqual(modesInLife(modes, 4), { current: saved, saved, life: 4 });
});

test('an outdated view of the members reverts nothing', () => {
  const modes = { current, saved, life: 3 };
  assert.equal(modesInLife(modes, 2), modes);
});

test('values of an unknown life count as of this one', () => {
  assert.deepEqual(modesInLife({ current, saved, life: undefined }, 5), {
    current,
    saved,
    life: 5,
  });
});
