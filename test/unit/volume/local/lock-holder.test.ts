// Lock lines of /proc/PID/fdinfo are read as the kernel writes them: data and intentions, by inode.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTENTIONS_AT } from '../../../../src/volume/local/lock-file.ts';
import { holdsRange } from '../../../../src/volume/local/lock-holder.ts';

const fdinfo = (first: number, last: number | 'EOF') =>
  [
    'pos:\t0',
    'flags:\t02102002',
    'mnt_id:\t27',
    'ino:\t1234',
    `lock:\t1: OFDLCK  ADVISORY  WRITE -1 fe:00:1234 ${first} ${last}`,
    '',
  ].join('\n');

test('a lock that touches the range is found, its neighbours are not', () => {
  assert.equal(holdsRange(fdinfo(512, 1023), 1234, 512, 512), true);
  assert.equal(holdsRange(fdinfo(512, 1023), 1234, 1023, 1), true);
  assert.equal(holdsRange(fdinfo(512, 1023), 1234, 1024, 512), false);
  assert.equal(holdsRange(fdinfo(512, 1023), 1234, 0, 512), false);
  assert.equal(holdsRange(fdinfo(0, 'EOF'), 1234, 4096, 512), true);
});

test('another inode, or no lock, is not taken for one', () => {
  assert.equal(holdsRange(fdinfo(512, 1023), 1235, 512, 512), false);
  assert.equal(holdsRange('pos:\t0\nino:\t1234\n', 1234, 0, 512), false);
});

test('an intention counts like the range that it stands for', () => {
  const text = fdinfo(INTENTIONS_AT + 512, INTENTIONS_AT + 1023);
  assert.equal(holdsRange(text, 1234, 512, 512), true);
  assert.equal(holdsRange(text, 1234, 1024, 512), false);
});
