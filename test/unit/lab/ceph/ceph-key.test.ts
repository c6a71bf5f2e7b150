// Proves the layout of a key against one that ceph-authtool printed, and that a keyring's text is
// what Ceph reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyringText, makeCephKey } from '../../../../lab/ceph/ceph-key.ts';

/** Keys that ceph-authtool --gen-print-key of Ceph 16.2.15 and 20.2.4 made. */
const printed = [
  { cipher: 'aes', key: 'AQDSbgNr6km/CBAAmtc4Ze5BSUns3waCHUZvZA==' },
  { cipher: 'aes256k', key: 'AgBwZA1rbOVJDSAANpia5IvANceSwqk7/eKttMh5FVUTzxbOepByLUy+3V8=' },
] as const;

for (const { cipher, key } of printed) {
  test(`a key for ${cipher} has the layout of one that Ceph made`, () => {
    const wanted = Buffer.from(key, 'base64');
    const createdSeconds = wanted.readUInt32LE(2);
    const asked: number[] = [];
    const bytes = (length: number) => {
      asked.push(length);
      return wanted.subarray(12);
    };
    const random = { bytes, below: () => 0 };
    const made = makeCephKey('client.a', {}, random, { cipher, createdSeconds });
    // Ours was made at a whole second.
    wanted.writeUInt32LE(0, 6);
    assert.deepEqual(Buffer.from(made.key, 'base64'), wanted);
    assert.deepEqual(asked, [wanted.length - 12]);
  });
}

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
