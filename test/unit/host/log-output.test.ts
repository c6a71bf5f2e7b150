// Proves that lines of the log have a priority where they go to systemd's journal, and not else.

import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { forJournal } from '../../../src/host/journal.ts';
import { logOutput } from '../../../src/host/log-output.ts';

let folder = '';
let file = '';
let descriptor = -1;
const inherited = process.env['JOURNAL_STREAM'];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'allpath-log-'));
  file = join(folder, 'log');
});
beforeEach(() => {
  if (descriptor >= 0) closeSync(descriptor);
  descriptor = openSync(file, 'w');
  delete process.env['JOURNAL_STREAM'];
});
after(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true, force: true });
  if (inherited === undefined) delete process.env['JOURNAL_STREAM'];
  else process.env['JOURNAL_STREAM'] = inherited;
});

function logEachLevel(): string[] {
  const log = logOutput('debug', { gateway: 'g' }, descriptor);
  log.debug('one');
  log.child({ disk: 'd' }).info('two');
  log.warn('three', { reason: 'first line\nsecond line' });
  log.error('four');
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

test('lines to the journal begin with their priority; the rest is JSON', () => {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  process.env['JOURNAL_STREAM'] = `${dev}:${ino}`;
  const lines = logEachLevel();
  assert.deepEqual(
    lines.map((line) => [line.slice(0, 3), JSON.parse(line.slice(3)).msg]),
    [
      ['<7>', 'one'],
      ['<6>', 'two'],
      ['<4>', 'three'],
      ['<3>', 'four'],
    ],
  );
});

test('lines to anything else are JSON alone, also where JOURNAL_STREAM is inherited', () => {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  for (const stream of [undefined, `${dev}:${ino + 1n}`, `${dev + 1n}:${ino}`, '']) {
    if (stream !== undefined) process.env['JOURNAL_STREAM'] = stream;
    for (const line of logEachLevel()) JSON.parse(line);
  }
});

test('each of several lines has the priority; an end of line makes no empty one', () => {
  assert.equal(forJournal('a\n  b\n\nc\n', 'error'), '<3>a\n<3>  b\n\n<3>c\n');
});
