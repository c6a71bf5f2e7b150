// Proves that an addon of other sources is found when it loads, and that the two tables agree.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nativeProtocol, protocolDifference } from '../../../src/ceph/native-protocol.ts';

test('an addon that says the same has no difference; any other one has', () => {
  assert.equal(protocolDifference({ ...nativeProtocol }), undefined);
  assert.equal(protocolDifference(undefined), 'it does not tell its protocol');
  const moved = { ...nativeProtocol, imageFlush: 9 };
  assert.equal(protocolDifference(moved), 'imageFlush is 6 here and 9 there');
  const { readStat: _, ...lacking } = nativeProtocol;
  assert.equal(protocolDifference(lacking), 'readStat is 2 here and absent there');
  const later = { ...nativeProtocol, imageCopy: 8 };
  assert.equal(protocolDifference(later), 'imageCopy is absent here and 8 there');
});

test('native/src/protocol.h has the same table', () => {
  const header = new URL('../../../native/src/protocol.h', import.meta.url);
  const rows = readFileSync(header, 'utf8').matchAll(/X\((\w+), (\d+)\)/g);
  const table = Object.fromEntries([...rows].map(([, name, value]) => [name, Number(value)]));
  assert.deepEqual(table, nativeProtocol);
});
