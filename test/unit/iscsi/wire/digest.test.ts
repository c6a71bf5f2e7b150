import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';

import { digestOf, getDigest, putDigest } from '../../../../src/iscsi/wire/digest.ts';

const ZEROS = Buffer.alloc(32);
const ONES = Buffer.alloc(32, 0xff);
const UP = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const READ_10 = Buffer.from(
  '01c00000000000000000000000000000' +
    '14000000000004000000001400000018' +
    '28000000000000000200000000000000',
  'hex',
);

test('digests are those of the examples in RFC 7143', () => {
  // Proves: polynomial, reflection and byte order on the wire, by the RFC's CRC examples.
  const examples = [
    [ZEROS, 'aa36918a'],
    [ONES, '43aba862'],
    [UP, '4e79dd46'],
    [Buffer.from(UP).reverse(), '5cdb3f11'],
    [READ_10, '563a96d9'],
  ] as const;
  for (const [bytes, wire] of examples) {
    const digest = new Uint8Array(6);
    putDigest(digest, digestOf([bytes]), 1);
    assert.equal(Buffer.from(digest).toString('hex'), `00${wire}00`);
    assert.equal(getDigest(digest, 1), digestOf([bytes]));
  }
});

test('chunks and states add up to the digest of the whole', () => {
  // Proves: any cut of the bytes gives the same digest, in one call or several.
  for (let cut = 0; cut <= UP.length; cut++) {
    const [head, tail] = [UP.subarray(0, cut), UP.subarray(cut)];
    assert.equal(digestOf([head, tail]), digestOf([UP]));
    assert.equal(digestOf([tail], digestOf([head])), digestOf([UP]));
  }
  assert.equal(digestOf([]), 0);
});
