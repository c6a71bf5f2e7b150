// Proves the layout of a key against one that ceph-authtool printed, and that a keyring's text is
// what Ceph reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyringText, makeCephKey } from '../../../../src/ceph/throwaway/ceph-key.ts';

/** `ceph-authtool -p --gen-key` of Ceph 16.2.15. */
const printed = 'AQDSbgNr6km/CBAAmtc4Ze5BSUns3waCHUZvZA==';

test('a key has the layout of one that Ceph made', () => {
  const bytes = Buffer.from(printed, 'base64');
  const secret = bytes.subarray(12);
  const random = { bytes: () => secret, below: () => 0 };
  const made = Buffer.from(
    makeCephKey('client.a', {}, random, bytes.readUInt32LE(2)).key,
    'base64',
  );
  // Ours was made at a whole second.
  const wanted = Buffer.from(bytes);
  wanted.writeUInt32LE(0, 6);
  assert.deepEqual(made, wanted);
});

test('a keyring names each entity, its key and its capabilities', () => {
  const caps = { mon: 'profile rbd', osd: 'profile rbd pool=a' };
  const text = keyringText([
    { entity: 'client.a', key: 'k==', caps },
    { entity: 'client.b', key: 'l==', caps: {} },
  ]);
  assert.equal(
    text,
    '[client.a]\n\tkey = k==\n\tcaps mon = "profile rbd"\n\tcaps osd = "profile rbd pool=a"\n' +
      '[client.b]\n\tkey = l==\n',
  );
});
