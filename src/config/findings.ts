import type { z } from 'zod';
import type { Finding, Path } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** What a schema says of a value, as sentences without the schema's own vocabulary. */
export function findingsOf(issues: readonly Issue[], base: Path = []): Finding[] {
  return issues.flatMap((issue) => findings(issue, [...base, ...(issue.path as Path)]));
}

function findings(issue: Issue, path: Path): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys':
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

function typeMessage(issue: z.core.$ZodIssueInvalidType): string {
  if (issue.message.endsWith('received undefined')) return 'is missing';
  return issue.message.replace(/^Invalid input: /, '');
}
