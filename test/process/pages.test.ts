// Proves that every command of every page runs as the page says (those that need a Ceph cluster:
// test/cluster/pages.test.ts), that a block which no test runs says why, and that no page names a
// command, option or script that is not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { parseDocument } from '../../src/config/parse.ts';
import { blocksOf, commandsOf } from '../support/page-blocks.ts';
import { install, makeRepository, readPages, tree } from '../support/page-clone.ts';
import { mentionsOf, missingOf } from '../support/page-mentions.ts';
import { needsCeph } from '../support/page-parts.ts';
import { PageRun, type ReaderPart } from '../support/page-run.ts';
import { mustRun } from '../support/run.ts';
import { ScratchHost } from '../support/scratch-host.ts';
import { shapeOf } from '../support/text-shape.ts';

const pages = readPages();
const blocks = [...pages].flatMap(([page, text]) => blocksOf(page, text));

test('every command runs as its page says', async () => {
  await using host = await ScratchHost.create();
  const repository = await makeRepository(host.folder);
  const clone = `${host.home}/allpath`;
  const parts: Record<string, ReaderPart> = {
    'README.md': {
      words: { '<this repository>': repository },
      before: { 'npm start': install },
    },
  };
  const toRun = blocks.filter(
    (block) => ['commands', 'unit'].includes(block.use) && !block.notRun && !needsCeph(block),
  );
  // The README makes the clone that the other pages take for granted.
  const others = [...new Set(toRun.map(({ page }) => page))].filter((page) => page !== 'README.md');
  for (const page of ['README.md', ...others]) {
    const cwd = page === 'README.md' ? host.home : clone;
    const run = await PageRun.begin(host, cwd, parts[page]);
    await run.blocks(toRun.filter((block) => block.page === page));
    assert.ok((await run.end()).length > 0, `${page}: no command was run`);
  }
});

test('a page that is wrong is found', async () => {
  await using host = await ScratchHost.create();
  const runOf = async (text: string, part: ReaderPart = {}) => {
    const run = await PageRun.begin(host, host.home, part);
    await run.blocks(blocksOf('page.md', text));
    return await run.end();
  };
  const right = fence('console', '$ echo a 1\n', 'a 2\n', '$ pwd\n', `${host.home}\n`);
  assert.deepEqual(await runOf(right), ['echo a 1', 'pwd']);
  const refusal = fence('console', '$ echo "allpath: no"; false\n', 'allpath: no\n');
  assert.equal((await runOf(refusal)).length, 1);
  for (const [text, why] of [
    [fence('sh', 'true\n', 'false\n'), /page\.md:3: false/],
    [fence('console', '$ echo b\n', 'a\n'), /page\.md:2: echo b/],
    [fence('console', '$ echo "allpath: no"\n', 'allpath: no\n'), /page\.md:2: echo/],
    [fence('sh', 'true &&\n', 'false\n'), /page\.md:2: true/],
    [fence('sh', 'npm start\n'), /page\.md:2: .*npm start has ended/],
  ] as const) {
    await assert.rejects(runOf(text), { message: why }, text);
  }
  await assert.rejects(runOf(right, { words: { POOL: 'p' } }), { message: /that no page has/ });
});

test('every document of a page is valid', () => {
  const documents = blocks.filter(({ use }) => use === 'document');
  assert.ok(documents.length > 0);
  for (const { page, line, lines } of documents) {
    const parsed = parseDocument(lines.join('\n'));
    assert.ok(parsed.ok, `${page}:${line}: ${JSON.stringify(parsed)}`);
  }
});

test('every command of the reference explains itself', async () => {
  for (const { path, summary } of commands) {
    const help = await mustRun(`${tree}/bin/allpath`, [...path, '--help']);
    assert.match(help, new RegExp(`^Usage: allpath ${path.join(' ')}\\b`), path.join(' '));
    assert.ok(help.replace(/\s+/g, ' ').includes(summary), help);
  }
});

test('no page names a command, option or script that is not there', () => {
  const missing = [...pages].flatMap(([page, text]) =>
    mentionsOf(text).flatMap((mention) =>
      missingOf(mention).map((what) => `${page}: ${what}, in ${mention}`),
    ),
  );
  assert.deepEqual(missing, []);
  const planted = ['npm run nothing', 'npm test -- unit nothing', 'node src/nothing.ts'];
  planted.push(
    'npm run bench -- nothing',
    'allpath disk nothing',
    'allpath disk snapshot nothing',
    'bin/allpath get --nothing',
  );
  for (const each of planted) assert.equal(missingOf(each).length, 1, each);
});

const fence = (tag: string, ...lines: string[]) => ['```', tag, '\n', ...lines, '```\n'].join('');

test('a block that could hide from the tests is found', () => {
  const refused = (text: string, why: RegExp) => {
    assert.throws(() => blocksOf('page.md', text), { message: why });
  };
  const block = fence('sh', 'a\n');
  refused(fence('', 'a\n'), /page\.md:1: the block is of no known language: ""/);
  refused(fence('bash', 'a\n'), /of no known language: "bash"/);
  refused('> ```sh\n> a\n> ```\n', /page\.md:1: commands belong into a fenced block/);
  refused('    npm start\n', /commands belong into a fenced block/);
  refused('```sh\na\n', /page\.md:1: the block has no end/);
  refused(`<!-- not run -->\n${block}`, /page\.md:1: "not run" needs a reason/);
  refused(`<!-- not run: -->\n${block}`, /needs a reason/);
  refused(`<!-- not run: it cannot\nbe -->\n${block}`, /needs a reason, on the same line/);
  refused(`<!-- not run, \`b\`: why -->\n${block}`, /page\.md:2: the block has no command b/);
  refused(`<!-- not run: why -->\nText.\n\n${block}`, /page\.md:2: a block must follow/);
  refused('<!-- not run: why -->\n', /a block must follow/);
  refused(fence('text', 'allpath get\n'), /page\.md:1: a block of text has a command/);
  refused(fence('console', 'output\n'), /page\.md:2: output without a command/);
});

test('blocks are parsed as a reader sees them', () => {
  const text = [
    '# Page',
    '- In a list:',
    '',
    '  <!-- not run, `b`: it destroys -->',
    '  ```sh',
    "  cat > f <<'END'",
    '  # no remark',
    '  END',
    '  a && \\',
    '    more  # why',
    '  # only a remark',
    '  b    # a remark',
    '  ```',
    fence('console', '$ a\n', 'one\n', '\n', '$ b\n'),
  ].join('\n');
  const [first, second] = blocksOf('p.md', text);
  assert.equal(first?.heading, 'Page');
  assert.deepEqual([...first!.notRunCommands], [['b', 'it destroys']]);
  assert.deepEqual(
    commandsOf(first!).map(({ place, text: command }) => [place, command]),
    [
      ['p.md:6', "cat > f <<'END'\n# no remark\nEND"],
      ['p.md:9', 'a && \\\n  more  # why'],
      ['p.md:12', 'b'],
    ],
  );
  assert.deepEqual(
    commandsOf(second!).map(({ text: command, output }) => [command, output]),
    [
      ['a', ['one', '']],
      ['b', []],
    ],
  );
});

test('output is compared by its shape', () => {
  const same = (one: string, other: string) => assert.equal(shapeOf(one), shapeOf(other));
  same('g1  serving  1.2 MiB  95 s', 'g1  serving  480 KiB   3 s');
  same('m  9f2c1b7ad04e5386  1', 'm  41d8e6f05ba29c73  12');
  assert.notEqual(shapeOf('g1  serving  3 s'), shapeOf('g1  fenced  3 s'));
  assert.notEqual(shapeOf('A  B'), shapeOf('A  B  C'));
});
