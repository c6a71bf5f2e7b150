// Proves what a nexus can learn of its copies, and that what is remembered is bounded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COPIES_AT_ONCE_MAX,
  COPIES_REMEMBERED_MAX,
} from '../../../../src/scsi/copy/copy-limits.ts';
import { CopyResults } from '../../../../src/scsi/copy/copy-results.ts';

test('a copy is reported while it lasts, and once after its end', () => {
  const copies = new CopyResults();
  const progress = copies.begin(5);
  assert.equal(copies.isInProgress(5), true);
  assert.equal(copies.take(5), progress);
  copies.end(progress, false);
  assert.equal(copies.take(5)?.state, 'failed');
  assert.equal(copies.take(5), undefined);
});

test('an identifier that is used again names the later copy', () => {
  const copies = new CopyResults();
  copies.end(copies.begin(5), true);
  const later = copies.begin(5);
  assert.equal(copies.take(5), later);
});

test('running and remembered copies are bounded', () => {
  const copies = new CopyResults();
  for (let listId = 0; listId < 3 * COPIES_REMEMBERED_MAX; listId++) {
    copies.end(copies.begin(listId), true);
  }
  const known = Array.from({ length: 256 }, (_, listId) => copies.take(listId)).filter(Boolean);
  assert.equal(known.length, COPIES_REMEMBERED_MAX);
  for (let i = 0; i < COPIES_AT_ONCE_MAX; i++) copies.begin(undefined);
  assert.equal(copies.isFull, true);
});
