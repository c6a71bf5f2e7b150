// Proves that commands in a guest give back what they end with and say, also several at a time, and
// that a guest that ends fails what waits for it, with the words of its console.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Guest } from './guest.ts';

let guest: Guest;
before(async () => {
  guest = await Guest.boot();
});
after(async () => {
  await guest?.end();
});

test('a command gives back its exit code and both outputs, byte for byte', async () => {
  const { code, stdout, stderr } = await guest.run(
    String.raw`printf 'a\n\xff b'; echo c >&2; exit 7`,
  );
  assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: 'a\n\xff b', stderr: 'c\n' });
  assert.equal((await guest.run('exit 0')).stdout, '');
  const length = 1_000_000;
  assert.equal((await guest.mustRun(`head -c ${length} /dev/zero`)).length, length);
  await assert.rejects(guest.mustRun('echo why >&2; false'), /false: 1\n\nwhy/);
});

test('a command does not wait for those before it', async () => {
  const first = guest.mustRun('until [ -e /run/second ]; do sleep 0.1; done; echo first');
  assert.equal(await guest.mustRun('touch /run/second; echo second'), 'second\n');
  assert.equal(await first, 'first\n');
});

test('the end of the guest fails what waits for it and what comes later', async () => {
  const waiting = assert.rejects(guest.run('sleep 1000'), /the guest ended.*Kernel panic/s);
  await assert.rejects(guest.run('echo c > /proc/sysrq-trigger'), /the guest ended/);
  await waiting;
  await assert.rejects(guest.run('true'), /the guest ended/);
});
