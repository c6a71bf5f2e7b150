// The kernel's list of locks is read for who holds POSIX locks; everything else is passed over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLocks } from '../../../../src/records/local/lock-holder.ts';

test('holders of POSIX locks are found, waiters and other kinds are not', () => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 6383 fe:00:2146580 120 120',
    '1: -> POSIX  ADVISORY  WRITE 77 fe:00:2146580 120 120',
    '2: POSIX  ADVISORY  READ 6383 fe:00:2146578 1073741826 1073742335',
    '3: FLOCK  ADVISORY  WRITE 12 00:1a:99 0 EOF',
    '4: OFDLCK ADVISORY  WRITE -1 fe:00:2146580 0 EOF',
    '5: POSIX  *NOINODE* READ 9 <none>:0 0 EOF',
    'garbage',
    '',
  ].join('\n');
  assert.deepEqual(parseLocks(text), [
    { kind: 'WRITE', pid: 6383, inode: 2146580 },
    { kind: 'READ', pid: 6383, inode: 2146578 },
  ]);
});
