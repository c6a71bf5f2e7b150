// Exactly the process that is named is killed, and never this one.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { killProcess } from '../../../src/host/process-end.ts';
import { ownProcessIdentity, processIdentity } from '../../../src/host/process-identity.ts';

const here = ownProcessIdentity();

test('a process id that was given away is not killed, the process itself is', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const identity = processIdentity(child.pid!)!;
  assert.equal(killProcess({ ...identity, startTicks: identity.startTicks + 1 }, here), false);
  assert.equal(killProcess({ ...identity, pidNamespace: '1' }, here), false);
  assert.equal(processIdentity(child.pid!)?.startTicks, identity.startTicks);
  const exited = once(child, 'exit');
  assert.equal(killProcess(identity, here), true);
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  assert.equal(killProcess(identity, here), false);
});

test('this process does not kill itself', () => {
  assert.equal(killProcess(here, here), false);
});
