// The kernel's list of locks is read for who holds POSIX locks; everything else is passed over. If
// it cannot be read at the moment, that is logged and harms nobody.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { parseLocks } from '../../../../src/records/local/lock-holder.ts';

const HANG_MS = 120_000;

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

test('a look for which no descriptor is free is logged, and the next one sees again', () => {
  const directory = new URL('../../../../src/', import.meta.url).href;
  const script = `
    import { closeSync, openSync } from 'node:fs';
    import { ownProcessIdentity } from '${directory}host/process-identity.ts';
    import { LockHolderWatch } from '${directory}records/local/lock-holder.ts';
    const lines = [];
    const log = { write: (event, { reason }) => lines.push(event, reason) };
    const watch = new LockHolderWatch('/nothing.db', ownProcessIdentity(), log);
    const held = [];
    try {
      for (;;) held.push(openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    watch.check(true);
    for (const descriptor of held) closeSync(descriptor);
    watch.check(true);
    process.stdout.write(lines.join(';'));
  `;
  const limited = 'ulimit -n 64 && exec "$0" --input-type=module -e "$1"';
  const given = ['-c', limited, process.execPath, script];
  const said = execFileSync('/bin/sh', given, { encoding: 'utf8', timeout: HANG_MS });
  assert.deepEqual(said.split(';'), [
    'store_lock_holder_unknown',
    'this process has too many files open: raise the limit (ulimit -n)',
  ]);
});
