// Proves that an errno of Ceph's calls is told by its name of errno(3), those too of which libuv
// knows none, and that the number stays with the failure.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cephFailure, errnoName, errnoOf } from '../../../src/ceph/ceph-failure.ts';
import * as errno from '../../../src/ceph/errno.ts';

test('every errno that the driver names has its name in messages', () => {
  const { CMPEXT_MISMATCH, ...named } = errno;
  for (const [name, value] of Object.entries(named)) {
    // ENOTSUP and EOPNOTSUPP are one number on Linux.
    if (value === errno.EOPNOTSUPP) assert.match(errnoName(value), /^E(NOTSUP|OPNOTSUPP)$/);
    else assert.equal(errnoName(value), name);
  }
  assert.equal(errnoName(CMPEXT_MISMATCH), '-4095');
});

test('one without a name is told by its number', () => {
  assert.equal(errnoName(-9999), '-9999');
  assert.equal(errnoName(-41), '-41');
});

test('a failure has the number, what was tried and the name', () => {
  const failure = cephFailure('rbd_create', errno.EDQUOT, 'the image p/i');
  assert.equal(failure.message, 'the image p/i: rbd_create ended with EDQUOT');
  assert.equal(errnoOf(failure), errno.EDQUOT);
  assert.equal(errnoOf(new Error('EDQUOT')), undefined);
});
