// A process ends as ordinarily with a write thread as without: by itself when nothing is under way,
// and with its own exit code when something is. Buffers outlive the writes that read them.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, run } from '../../support/run.ts';

const program = fileURLToPath(new URL('../../support/write-thread-process.ts', import.meta.url));

function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-write-thread-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function end(how: string, folder: string, ...flags: string[]): Promise<Finished> {
  return run(process.execPath, [...flags, program, how, folder], 30_000);
}

test('a thread with nothing to do keeps no process', async (context) => {
  const { code, stderr } = await end('done', temporary(context));
  assert.equal(code, 0, stderr);
});

test('an exit with writes under way is clean, over and over', async (context) => {
  const folder = temporary(context);
  for (let i = 0; i < 5; i++) {
    const { code, stderr } = await end('exit', folder);
    assert.equal(stderr, '');
    assert.equal(code, 7);
  }
});

test('an error nobody caught is told of, with writes under way', async (context) => {
  const { code, stderr } = await end('throw', temporary(context));
  assert.match(stderr, /thrown on purpose/);
  assert.doesNotMatch(stderr, /FATAL/);
  assert.equal(code, 1);
});

test('an exit waits a bounded time for a write that hangs', async (context) => {
  const folder = temporary(context);
  const { code, signal, stderr } = await end('hung', folder);
  assert.equal(stderr, '');
  assert.equal(signal, null);
  assert.equal(code, 7);
});

test('what is written is kept from the collector', async (context) => {
  const folder = temporary(context);
  const { code, stderr } = await end('collect', folder, '--expose-gc');
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(folder, 'file-collect')).length, 20_000);
});
