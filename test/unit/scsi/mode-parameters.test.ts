// Proves how mode parameters read in a life of the cluster: as after a power on in a later one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultModes, modesInLife } from '../../../src/scsi/mode-parameters.ts';

const saved = defaultModes(true);
const current = { ...saved, swp: true };

test('in their life they are as they are, and in a later one the saved ones are current', () => {
  const modes = { current, saved, life: 3 };
  assert.equal(modesInLife(modes, 3), modes);
  assert.deepEqual(modesInLife(modes, 4), { current: saved, saved, life: 4 });
});

test('a view of the members that is behind takes nothing back', () => {
  const modes = { current, saved, life: 3 };
  assert.equal(modesInLife(modes, 2), modes);
});

test('those of an unknown life are of this one', () => {
  assert.deepEqual(modesInLife({ current, saved, life: undefined }, 5), {
    current,
    saved,
    life: 5,
  });
});
