// `npm run figures` prints the shape of the product's source: sizes, circles of imports, arrows
// against the layers, assertions, tests of the same path, exports without a user. Other trees can
// be given for comparison. `--help` lists the options.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path/posix';
import { parseArgs } from 'node:util';
import { markdownTable } from '../src/base/markdown-table.ts';
import { importCircles } from '../test/support/import-circles.ts';
import { layers } from '../test/support/layers.ts';
import { codeOf, importsOf } from '../test/support/source-text.ts';

const FUNCTION_LINES_LONG = 50;
const FUNCTION_HEAD = /^ *(?:export )?(?:static |async |private )*(?:function\b|[#\w]+(?:<.*>)?\()/;
/** A file of this many lines needs a test of the same path. */
const TESTED_LINES_MIN = 150;
/** Folders that have another name in older trees. */
const OLDER_NAMES: Readonly<Record<string, string>> = { members: 'membership' };

const help = `usage: npm run figures -- [options] [tree ...]

Prints figures of the source of this tree, and of others beside it.

  --json    prints one JSON object for each tree
  --help`;

interface SourceFile {
  /** The path from the root of its tree. */
  readonly path: string;
  readonly text: string;
  readonly code: string;
  readonly imports: readonly { readonly to: string; readonly typesOnly: boolean }[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const ranks = ranksOfRooms();
process.exit(main());

function main(): number {
  if (values.help) {
    console.log(help);
    return 0;
  }
  const trees = [...positionals, process.cwd()];
  const absent = trees.find((tree) => !existsSync(join(tree, 'src')));
  if (absent !== undefined) {
    console.error(`${absent} has no folder src: give the root of a tree`);
    return 2;
  }
  const figures = trees.map(figuresOf);
  if (values.json) {
    for (const [index, tree] of trees.entries())
      console.log(JSON.stringify({ tree, ...figures[index] }));
    return 0;
  }
  const names = Object.keys(figures[0] ?? {});
  const rows = names.map((name) => [name, ...figures.map((of) => String(of[name]))]);
  console.log(markdownTable(['', ...trees], rows));
  return 0;
}

function figuresOf(tree: string): Record<string, number> {
  const files = sourceOf(tree);
  const lines = files.map(({ text }) => text.split('\n').length - 1).sort((a, b) => a - b);
  const graph = (types: boolean) =>
    new Map(
      files.map(({ path, imports }) => [
        path,
        imports.filter(({ typesOnly }) => types || !typesOnly).map(({ to }) => to),
      ]),
    );
  const tested = files.filter(({ path }) => existsSync(join(tree, testPathOf(path))));
  const large = files.filter(({ text }) => text.split('\n').length > TESTED_LINES_MIN);
  return {
    files: files.length,
    lines: lines.reduce((sum, count) => sum + count, 0),
    'lines of a file, median': quantile(lines, 0.5),
    'lines of a file, p90': quantile(lines, 0.9),
    'lines of a file, max': lines.at(-1) ?? 0,
    [`functions over ${FUNCTION_LINES_LONG} lines`]: count(files, longFunctions),
    'circles of imports, values': importCircles(graph(false)).length,
    'circles of imports, with types': importCircles(graph(true)).length,
    'imports that point upwards': count(files, upwards),
    assertions: count(files, ({ code }) => [...code.matchAll(/\bassert(?:\w*)\(/g)].length),
    'files with a test of the same path': tested.length,
    [`files over ${TESTED_LINES_MIN} lines without one`]: large.filter(
      (file) => !tested.includes(file),
    ).length,
    'exports without a user': unusedExports(tree, files),
  };
}

function sourceOf(tree: string): readonly SourceFile[] {
  const paths = globSync('src/**/*.ts', { cwd: tree }).sort();
  return paths.map((path) => {
    const text = readFileSync(join(tree, path), 'utf8');
    const imports = importsOf(text)
      .filter(({ from }) => from.startsWith('.'))
      .map(({ from, typesOnly }) => ({ to: normalize(join(path, '..', from)), typesOnly }));
    return { path, text, code: codeOf(text), imports };
  });
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function count(files: readonly SourceFile[], of: (file: SourceFile) => number): number {
  return files.reduce((sum, file) => sum + of(file), 0);
}

function testPathOf(path: string): string {
  return path.replace(/^src\//, 'test/unit/').replace(/\.ts$/, '.test.ts');
}

/** Functions and methods that start on their own line, up to the brace of the same indent. */
function longFunctions({ code }: SourceFile): number {
  const lines = code.split('\n');
  let found = 0;
  for (const [at, line] of lines.entries()) {
    const indent = /^( *)/.exec(line)?.[1] ?? '';
    const isHead = FUNCTION_HEAD.test(line);
    const isControl = /^ *(if|for|while|switch|catch|return|await|assert\w*)\b/.test(line);
    if (!isHead || isControl) continue;
    let opened = at;
    while (opened < lines.length && opened < at + 20 && !lines[opened]!.endsWith('{')) {
      if (lines[opened]!.trimEnd().endsWith(';')) break;
      opened += 1;
    }
    if (!(lines[opened] ?? '').endsWith('{')) continue;
    const end = lines.indexOf(`${indent}}`, opened);
    if (end - at + 1 > FUNCTION_LINES_LONG) found += 1;
  }
  return found;
}

function upwards({ path, imports }: SourceFile): number {
  const from = rankOf(path);
  return imports.filter(({ to }) => rankOf(to) > from).length;
}

/** The rank of the folder of a file in the layers, counted from `base`. */
function rankOf(path: string): number {
  const room = path.split('/')[1] ?? '';
  return ranks.get(OLDER_NAMES[room] ?? room) ?? 0;
}

/** The rank of each folder: one more than the highest of those that it may import. */
function ranksOfRooms(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const rank = (room: string): number => {
    const layer = layers.find(({ folder }) => folder === room);
    const allowed = [layer?.imports, layer?.localImports, layer?.cephImports].flatMap(
      (a) => a ?? [],
    );
    const below = allowed.map((place) => place.split('/')[0] ?? '');
    return below.reduce(
      (highest, other) => Math.max(highest, 1 + (found.get(other) ?? rank(other))),
      0,
    );
  };
  for (const { folder } of layers) found.set(folder, rank(folder));
  return found;
}

/** Names that a file exports and no other file of the tree mentions in an import. */
function unusedExports(tree: string, files: readonly SourceFile[]): number {
  const others = globSync(['{test,bench,scripts,lab,sim}/**/*.ts'], { cwd: tree });
  const texts = others.map((path) => ({ path, code: readFileSync(join(tree, path), 'utf8') }));
  const all = [...files.map(({ path, code }) => ({ path, code })), ...texts];
  const users = new Map<string, Set<string>>();
  for (const { path, code } of all) {
    for (const [word] of code.matchAll(/[A-Za-z_]\w*/g)) {
      const paths = users.get(word) ?? new Set();
      users.set(word, paths.add(path));
    }
  }
  let found = 0;
  for (const { path, code } of files) {
    const declared = code.matchAll(
      /^export (?:declare )?(?:async )?(?:abstract )?(?:const|function\*?|class|interface|type|let) (\w+)/gm,
    );
    for (const [, name = ''] of declared) {
      const isUsed = [...(users.get(name) ?? [])].some((user) => user !== path);
      if (!isUsed) found += 1;
    }
  }
  return found;
}
