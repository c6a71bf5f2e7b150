// Proves that options of a disk are checked, by the rules of the document, before anything is done.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftDisk } from '../../../../src/control/disks/disk-draft.ts';

test('a disk is as the document has it: what is left open has the defaults', () => {
  assert.deepEqual(draftDisk({ name: 'a', size: 512, dataPool: undefined }), {
    ...{ name: 'a', size: 512, blockLength: 512, writethrough: false, readOnly: false },
    ...{ vendor: 'ALLPATH', product: 'DISK', revision: '0001' },
  });
});

test('every fault is named, by its key', () => {
  assert.throws(() => draftDisk({ name: 'A b', size: 513 }), {
    code: 'diskInvalid',
    message: /^name: .*\nsize: must be a multiple of the block length 512$/s,
  });
});
