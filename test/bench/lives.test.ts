// The lives and the figures of the tree: what they are made of, and that they run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Course, courseOf } from '../../bench/lives/course.ts';
import { functionStarts } from '../../bench/lives/function-starts.ts';
import { importCircles } from '../support/import-circles.ts';
import { mustRun } from '../support/run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('bodies of functions, methods and arrows are found, other braces are not', () => {
  const source = `function a() {⟨
  if (x) { for (;;) { y({ z: 1 }); } }
}
class B extends C {
  get d(): number | undefined {⟨ return 1; }
  async #e(f: (g: number) => void): Promise<void> {⟨
    switch (f) { case (1): { break; } default: {} }
    try { f(1); } catch (error) { throw error; }
  }
}
const h = (i: string): readonly string[] => {⟨ return ['{', \`\${i}) {\`]; };
interface J { k(): { l: number } }
`;
  const plain = source.replaceAll('⟨', '');
  const wanted = [...source.matchAll(/⟨/g)].map(({ index }, before) => index - before);
  assert.deepEqual(functionStarts(plain), wanted);
});

test('a course counts files, crossings and returns, and leaves out what serves everyone', () => {
  const course = courseOf([
    'src/iscsi/session.ts',
    'src/iscsi/session.ts',
    'src/base/pending.ts',
    'src/iscsi/session.ts',
    'src/scsi/task.ts',
    'src/iscsi/data-out.ts',
    'src/iscsi/session.ts',
  ]);
  assert.deepEqual(course, {
    files: ['src/iscsi/session.ts', 'src/scsi/task.ts', 'src/iscsi/data-out.ts'],
    crossings: 2,
    returns: [{ file: 'src/iscsi/session.ts', times: 1 }],
  });
});

test('circles of imports are found, each once', () => {
  const graph = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['a', 'd']],
    ['d', ['e', 'elsewhere']],
    ['e', []],
    ['f', ['f']],
    ['g', ['h']],
    ['h', ['g', 'a']],
  ]);
  assert.deepEqual([...importCircles(graph)].sort(), [['a', 'b', 'c'], ['f'], ['g', 'h']]);
});

test('the lives of a gateway of this tree are followed', async () => {
  const lines = (await mustRun(process.execPath, [`${root}/bench/lives/main.ts`, '--json']))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Course & { readonly life: string });
  assert.equal(lines.length, 3);
  for (const { life, files } of lines) {
    assert.ok(files.includes('src/iscsi/connection.ts'), `${life} passes a connection`);
  }
});

test('the figures of this tree are printed', async () => {
  const printed = await mustRun(process.execPath, [
    `${root}/scripts/tree-figures.ts`,
    '--json',
    root,
  ]);
  for (const line of printed.trim().split('\n')) {
    const figures = JSON.parse(line) as Readonly<Record<string, number>>;
    assert.ok(figures['files']! > 0 && figures['lines']! > 0);
    assert.equal(figures['circles of imports, values'], 0);
  }
});
