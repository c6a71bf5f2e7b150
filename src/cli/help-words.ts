import { didYouMean } from '../base/closest-name.ts';
import { printable } from '../base/printable.ts';
import { commands } from './commands.ts';
import { UsageError } from './usage-error.ts';

const WORD_LENGTH_MAX = 64;

/**
 * `help disk create` as `disk create --help`, which the parser understands; other command lines as
 * they are. Throws a `UsageError` if there is no such command.
 */
export function withHelpWords(words: readonly string[]): readonly string[] {
  if (words[0] !== 'help') return words;
  const named = words.slice(1).filter((word) => !word.startsWith('-'));
  if (named[0] === 'help') return ['--help'];
  const known = commandNamed(named);
  const wrong = named[known.length];
  if (wrong === undefined) return [...known, '--help'];
  const names = nextWords(known);
  const text = printable(named.slice(0, known.length + 1).join(' '), WORD_LENGTH_MAX);
  if (names.size === 0) throw new UsageError(`"${known.join(' ')}" has no command "${wrong}"`);
  throw new UsageError(`there is no command "${text}"${didYouMean(wrong, names)}`);
}

/** The help that answers a wrong command line: that of its command, if it names one. */
export function helpHint(words: readonly string[]): string {
  const named = commandNamed(words.filter((word) => !word.startsWith('-')));
  return `Try "${['allpath', 'help', ...named].join(' ')}".`;
}

/** As many of the first words as name a command, or a group of commands. */
function commandNamed(words: readonly string[]): readonly string[] {
  let count = 0;
  while (count < words.length && nextWords(words.slice(0, count)).has(words[count]!)) count++;
  return words.slice(0, count);
}

/** The words that may follow these in the name of a command. */
function nextWords(words: readonly string[]): ReadonlySet<string> {
  const next = commands
    .filter(({ path }) => words.every((word, i) => word === path[i]))
    .flatMap(({ path }) => path[words.length] ?? []);
  return new Set(next);
}
