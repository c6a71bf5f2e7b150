import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;
type Code = z.core.$ZodIssue['code'];
type IssueOf<C extends Code> = Extract<RawIssue, { code: C }>;

/**
 * The fault of a value, in the words of this program, for every code of the schema library: a rule
 * of the schema without a message of its own gets one from here, never the library's.
 */
const WORDS: { readonly [C in Code]: (issue: IssueOf<C>) => string } = {
  invalid_type: typeWords,
  invalid_value: ({ values }) => `must be ${values.map(spelled).join(' or ')}`,
  invalid_format: ({ format, prefix, suffix, includes }) => {
    if (format === 'starts_with') return `must begin with ${spelled(prefix)}`;
    if (format === 'ends_with') return `must end with ${spelled(suffix)}`;
    if (format === 'includes') return `must contain ${spelled(includes)}`;
    return 'does not have the form that this key needs: see docs/reference/document.md';
  },
  too_big: ({ origin, maximum, inclusive, exact }) => {
    if (exact === true) return exactly(origin, maximum);
    return boundWords(origin, inclusive === false ? 'less than' : 'at most', maximum);
  },
  too_small: ({ origin, minimum, inclusive, exact }) => {
    if (exact === true) return exactly(origin, minimum);
    if (countedIn(origin) !== undefined && Number(minimum) === 1) return 'must not be empty';
    return boundWords(origin, inclusive === false ? 'more than' : 'at least', minimum);
  },
  not_multiple_of: ({ divisor }) => `must be a multiple of ${divisor}`,
  unrecognized_keys: () => 'has an unknown key',
  invalid_union: () => 'has none of the allowed forms',
  invalid_key: () => 'has a key that does not have the allowed form',
  invalid_element: () => 'has an entry that does not have the allowed form',
  custom: () => 'is not an allowed value',
};

/** For `safeParse`: the message of an issue whose rule has none. */
export function issueWords(issue: RawIssue): string {
  const words = WORDS[issue.code as Code] as ((issue: RawIssue) => string) | undefined;
  return words === undefined ? 'is not an allowed value' : words(issue);
}

/** Kinds of values, by the names that the library has for them. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'null',
};

function typeWords({ expected, input }: IssueOf<'invalid_type'>): string {
  if (input === undefined) return 'is missing';
  const received = kindOf(input);
  const kind = KINDS[expected] ?? 'of another kind';
  if (expected === 'int' && received === 'number') return `must be ${kind}`;
  const isUnquoted = expected === 'string' && ['number', 'boolean'].includes(received);
  const isQuoted = ['number', 'int'].includes(expected) && /^[0-9]+$/.test(String(input));
  const advice = isUnquoted ? ': put it in quotes' : isQuoted ? ': write it without quotes' : '';
  return `must be ${kind}, not ${KINDS[received] ?? 'this'}${advice}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The unit of the length of such a value; undefined for a number. */
function countedIn(origin: string): string | undefined {
  if (origin === 'string') return 'characters';
  return ['array', 'set', 'map'].includes(origin) ? 'entries' : undefined;
}

function boundWords(origin: string, how: string, bound: number | bigint): string {
  const unit = countedIn(origin);
  return unit === undefined ? `must be ${how} ${bound}` : `must have ${how} ${bound} ${unit}`;
}

function exactly(origin: string, count: number | bigint): string {
  return boundWords(origin, 'exactly', count);
}

function spelled(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
