// A command that is printed does, pasted into a shell, what it says.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellWords } from '../../../src/cli/shell-words.ts';

test('a shell takes the words back as they were', () => {
  const words = ['--store', '/a b/c', "it's", '$HOME', '', '*', '--name', 'g-0', 'a"b', '\\'];
  const printed = execFileSync('sh', ['-c', `printf '%s\\n' ${shellWords(words)}`]).toString();
  assert.deepEqual(printed.split('\n').slice(0, -1), words);
});

test('plain words are not quoted', () => {
  assert.equal(shellWords(['allpath', '--store', './x_1/y']), 'allpath --store ./x_1/y');
});
