// Proves what `allpath ceph caps` grants, and that the command to paste holds the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeUserCommand, clientCaps, createUserCommand } from '../../../src/ceph/client-caps.ts';

test('every pool is named, and narrowed to the namespace', () => {
  const pools = { pool: 'p', dataPools: ['d', 'e'] };
  assert.deepEqual(clientCaps({ pool: 'p', namespace: '', dataPools: [] }), {
    mon: 'profile rbd',
    osd: 'profile rbd pool=p',
  });
  assert.equal(
    clientCaps({ ...pools, namespace: 'n' }).osd,
    'profile rbd pool=p namespace=n, profile rbd pool=d namespace=n, ' +
      'profile rbd pool=e namespace=n',
  );
});

test('the command is one line of shell', () => {
  assert.equal(
    createUserCommand('u', clientCaps({ pool: 'p', namespace: '', dataPools: [] })),
    "ceph auth get-or-create client.u mon 'profile rbd' osd 'profile rbd pool=p' " +
      '-o /etc/ceph/ceph.client.u.keyring',
  );
});

test('a user that is there is changed by a command of its own', () => {
  const caps = clientCaps({ pool: 'disks', namespace: '', dataPools: ['data'] });
  assert.equal(
    changeUserCommand('allpath', caps),
    "ceph auth caps client.allpath mon 'profile rbd' " +
      "osd 'profile rbd pool=disks, profile rbd pool=data'",
  );
});
