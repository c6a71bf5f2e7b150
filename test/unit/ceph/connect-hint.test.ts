// Proves that each way in which a connection fails names what to look at.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectHint } from '../../../src/ceph/connect-hint.ts';
import { EACCES, EIO, ENOENT, ENOMEM, ETIMEDOUT } from '../../../src/ceph/errno.ts';

test('the configuration, the monitors and the key are told apart', () => {
  assert.match(connectHint('rados_conf_read_file', ENOENT), /path of a ceph\.conf/);
  assert.match(connectHint('rados_connect', ETIMEDOUT), /no monitor/);
  for (const errno of [EACCES, ENOENT]) {
    assert.match(connectHint('rados_connect', errno), /key .*allpath ceph caps.*--user/);
  }
  assert.match(connectHint('rados_connect', EIO), /key .*cannot be read.*--key-type aes/);
  assert.equal(connectHint('rados_connect', ENOMEM), '');
});
