import type { z } from 'zod';
import type { Finding, Path } from './problem.ts';
import { documentSchema } from './schema.ts';

type Issue = z.core.$ZodIssue;

/** Maps where a slip (`{user: u, THE-SECRET}`) makes a key of a secret, which is never printed. */
const SECRETIVE: ReadonlySet<unknown> = new Set(['chap', 'mutual']);

/** The findings of the document's schema for a value; its issues have the words of `issueWords`. */
export function findingsOf(issues: readonly Issue[], base: Path = []): Finding[] {
  return issues.flatMap((issue) => findings(issue, [...base, ...(issue.path as Path)]));
}

function findings(issue: Issue, path: Path): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      if (SECRETIVE.has(path.at(-1))) {
        const known = keysAt(path).map((key) => JSON.stringify(key));
        return [{ path, message: `has a key other than ${known.join(', ')}` }];
      }
      return issue.keys.map((key) => {
        const near = { word: key, names: keysAt(path) };
        return { path: [...path, key], message: 'no such key', near };
      });
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    case 'invalid_union': {
      // The branch that got past the kind of the value is the one that was meant.
      const meant = issue.errors.find((errors) => errors.every(({ path }) => path.length > 0));
      if (meant !== undefined && meant.length > 0) return findingsOf(meant, path);
      return [{ path, message: issue.message }];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

/** The keys of the map at this place of a document; none where the schema has no map. */
function keysAt(path: Path): readonly string[] {
  let at: readonly Schema[] = [documentSchema];
  for (const step of path) at = at.flatMap(plain).flatMap((schema) => within(schema, step));
  return at.flatMap(plain).flatMap(({ _zod: { def } }) => Object.keys(shapeOf(def)));
}

type Schema = z.core.$ZodType;
type Shape = Readonly<Record<string, Schema>>;

/** The parts of a definition that lead further into a value. */
interface Parts {
  readonly innerType?: Schema;
  readonly options?: readonly Schema[];
  readonly element?: Schema;
  readonly shape?: Shape;
}

/** Without what only says that a value may be absent, or in which forms it comes. */
function plain(schema: Schema): readonly Schema[] {
  const { innerType, options } = schema._zod.def as Parts;
  if (innerType !== undefined) return plain(innerType);
  return options === undefined ? [schema] : options.flatMap(plain);
}

function within({ _zod: { def } }: Schema, step: string | number): readonly Schema[] {
  const { element } = def as Parts;
  if (typeof step === 'number') return element === undefined ? [] : [element];
  const shape = shapeOf(def);
  return Object.hasOwn(shape, step) ? [shape[step]!] : [];
}

function shapeOf(def: unknown): Shape {
  return (def as Parts).shape ?? {};
}
