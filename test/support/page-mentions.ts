// What pages say in passing, or show without a test that runs it: commands, options, scripts and
// programs of this tree. They must at least be there.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rings } from '../../scripts/rings.ts';
import { commands, GLOBAL_OPTIONS } from '../../src/cli/commands.ts';
import { tree } from './page-clone.ts';

/** Scripts of npm itself. */
const NPM_COMMANDS = ['ci', 'install', 'pack', 'exec'];
/** Words that no row of the commands' table declares. */
const ALLPATH_WORDS = ['help'];
const ALLPATH_OPTIONS = ['--help', '--version'];

/** The code spans of a page, and the lines of its blocks. */
export function mentionsOf(text: string): readonly string[] {
  const withoutBlocks = text.replace(/^ *```[\s\S]*?^ *```$/gm, '');
  const spans = withoutBlocks.matchAll(/`([^`]+)`/g);
  const prose = [...spans].map(([, span = '']) => span.replace(/\s+/g, ' '));
  return [...prose, ...text.split('\n').map((line) => line.replace(/^\$ /, ''))];
}

/** What a mention names that is not there; empty if it names nothing of this tree. */
export function missingOf(mention: string): readonly string[] {
  const words = mention.split(' ');
  const [program = '', first = '', ...rest] = words;
  if (program === 'npm') return missingScript(first === 'run' ? (rest[0] ?? '') : first, mention);
  if (program === 'node' && /\.(ts|mjs)$/.test(first)) {
    return existsSync(join(tree, first)) ? [] : [first];
  }
  if (program === 'npx' && first === 'allpath') return missingCommand(rest);
  return /^(\S*\/bin\/|bin\/)?allpath$/.test(program) ? missingCommand(words.slice(1)) : [];
}

function missingScript(name: string, mention: string): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const isThere = name === '' || NPM_COMMANDS.includes(name) || Object.hasOwn(scripts, name);
  if (!isThere) return [`npm run ${name}`];
  const given = / -- ([^#]*)/.exec(mention)?.[1]?.trim().split(' ') ?? [];
  if (name === 'test') {
    const names = ['quick', ...rings.map((ring) => ring.name)];
    return given.filter((ring) => !names.includes(ring)).map((ring) => `the ring ${ring}`);
  }
  if (name !== 'bench' || given[0] === undefined) return [];
  const bench = /usage: npm run bench -- (\S+)/.exec(read('bench/main.ts'))?.[1]?.split('|') ?? [];
  return bench.includes(given[0]) ? [] : [`the benchmark ${given[0]}`];
}

function missingCommand(words: readonly string[]): readonly string[] {
  const said = words
    .join(' ')
    .replace(/ (#|\||&|>|<).*$/, '')
    .split(' ');
  const names = said.filter((word, i) => /^[a-z]+$/.test(word) && said.slice(0, i).every(isName));
  if (names.length === 0 || ALLPATH_WORDS.includes(names[0]!)) return [];
  const found = commands.filter(({ path }) => {
    return path.every((name, i) => names[i] === name || i >= names.length);
  });
  if (found.length === 0) return [`allpath ${names.join(' ')}`];
  const declared = [...GLOBAL_OPTIONS, ...found.flatMap(({ options = [] }) => options)];
  const known = [...ALLPATH_OPTIONS, ...declared.map(({ flags }) => flags.split(' ')[0])];
  const options = said.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
  return options.filter((option) => !known.includes(option));
}

function isName(word: string): boolean {
  return /^[a-z]+$/.test(word);
}

function read(file: string): string {
  return readFileSync(join(tree, file), 'utf8');
}
