import type { z } from 'zod';
import type { Finding, Path } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** Maps where a slip (`{user: u, THE-SECRET}`) makes a key of a secret, which is never printed. */
const SECRETIVE: ReadonlySet<unknown> = new Set(['chap', 'mutual']);

/** What a schema says of a value, as sentences without the schema's own vocabulary. */
export function findingsOf(issues: readonly Issue[], base: Path = []): Finding[] {
  return issues.flatMap((issue) => findings(issue, [...base, ...(issue.path as Path)]));
}

function findings(issue: Issue, path: Path): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      if (SECRETIVE.has(path.at(-1))) return [{ path, message: 'has a key that is not known' }];
      return issue.keys.map((key) => ({ path: [...path, key], message: 'no such key' }));
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    case 'invalid_union': {
      // The branch that got past the kind of the value is the one that was meant.
      const meant = issue.errors.find((errors) => errors.every(({ path }) => path.length > 0));
      if (meant !== undefined && meant.length > 0) return findingsOf(meant, path);
      return [{ path, message: issue.message }];
    }
    case 'invalid_type':
      return [{ path, message: typeMessage(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

/** Kinds of values, by the names that the schema has for them. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function typeMessage(issue: z.core.$ZodIssueInvalidType): string {
  const received = / received (\w+)$/.exec(issue.message)?.[1] ?? '';
  if (received === 'undefined') return 'is missing';
  const isQuoted = issue.expected === 'string' && ['number', 'boolean'].includes(received);
  const advice = isQuoted ? ': put it in quotes' : '';
  return `must be ${kindOf(issue.expected)}, not ${kindOf(received)}${advice}`;
}

function kindOf(kind: string): string {
  return KINDS[kind] ?? kind;
}
