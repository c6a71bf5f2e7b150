// Proves that lines which are written while the live line is shown stand above it, each alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveLine } from '../../../src/cli/live-line.ts';
import { linesOnTerminal } from '../../support/terminal-lines.ts';

test('whole lines go above the live line, which is shown again below', () => {
  let written = '';
  const terminal = { write: (text: string) => (written += text) };
  const line = new LiveLine();
  line.above(() => terminal.write('before\n'));
  line.show(terminal, '1 session, 10 writes/s');
  line.show(terminal, '2 sessions');
  line.above(() => terminal.write('{"level":40}\n'));
  assert.deepEqual(linesOnTerminal(written), ['before', '{"level":40}', '2 sessions']);
  line.show(terminal, '3 sessions');
  line.end();
  line.end();
  line.above(() => terminal.write('after\n'));
  assert.deepEqual(linesOnTerminal(written), [
    ...['before', '{"level":40}', '3 sessions', 'after', ''],
  ]);
});
