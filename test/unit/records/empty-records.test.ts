// Proves that a store which does not exist yet reads as empty and takes no change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmptyRecords } from '../../../src/records/empty-records.ts';
import type { Records } from '../../../src/records/records.ts';

test('it reads as empty, nobody answers, and a change is refused', async () => {
  const records: Records = new EmptyRecords({ name: 'apply-1', incarnation: 'none' });
  assert.equal(await records.get('document'), undefined);
  assert.deepEqual(await records.list(''), []);
  assert.equal((await records.getFields('members')).size, 0);
  const value = new Uint8Array(1);
  assert.deepEqual(await records.notify('status', value, 1), { answers: [], missing: [] });
  const refused = { code: 'recordsUnsuitable' };
  await assert.rejects(records.compareAndSet('document', 0, value), refused);
  await assert.rejects(records.setFields('members', { a: value }), refused);
});
