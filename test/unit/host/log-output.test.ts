// Proves that a line of the log is JSON with the event, its sentence and who it is about, and that
// it has a priority where it goes to systemd's journal, and not else.

import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { forJournal } from '../../../src/host/journal.ts';
import { logOutput } from '../../../src/host/log-output.ts';
import { catalogue } from '../../../src/log/catalogue.ts';

const HANG_MS = 60_000;

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
  log.write('pdu_rejected', { rejectReason: 4, opcode: 5 });
  log.child({ address: '192.0.2.1' }).write('disk_served_again', { disk: 'd' });
  log.write('restart_failed', { reason: 'first line\nsecond line' });
  log.write('defect', { reason: 'four' }, { count: 7, seconds: 60 });
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

test('lines to the journal begin with their priority; the rest is JSON', () => {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  process.env['JOURNAL_STREAM'] = `${dev}:${ino}`;
  const lines = logEachLevel();
  assert.deepEqual(
    lines.map((line) => [line.slice(0, 3), JSON.parse(line.slice(3)).event]),
    [
      ['<7>', 'pdu_rejected'],
      ['<6>', 'disk_served_again'],
      ['<4>', 'restart_failed'],
      ['<3>', 'defect'],
    ],
  );
});

test('a line has its event, the sentence of the catalogue, its fields and those of its log', () => {
  const [, again = '', , defect = ''] = logEachLevel();
  const { level, time, pid, ...own } = JSON.parse(again);
  assert.deepEqual([level, pid], [30, process.pid]);
  assert.ok(Date.now() - Date.parse(time) < HANG_MS);
  const { sentence } = catalogue.disk_served_again;
  const where = { gateway: 'g', address: '192.0.2.1' };
  assert.deepEqual(own, { ...where, event: 'disk_served_again', disk: 'd', msg: sentence });
  const { msg, count, seconds } = JSON.parse(defect);
  assert.deepEqual(
    [msg, count, seconds],
    [`${catalogue.defect.sentence} (repeated)`, 7, 60],
    'a line that is there for others says so',
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
