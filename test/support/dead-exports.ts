// Exports that no other file imports: they are dead, or need not be exported.

import { dirname, join, normalize } from 'node:path/posix';
import { codeOf } from './source-text.ts';

const IMPORT =
  /\b(?:import|export)\s+(?:type\s+)?(\*\s+as\s+\w+|\{[^}]*\}|\w+)\s+from\s+'(\.[^']+)'/g;
const DYNAMIC = /\bimport\(\s*'(\.[^']+)'\s*\)/g;
const EXPORT =
  /^export (?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm;

/** The imported names, by the file that exports them; `*` means all. */
export function importedNames(
  files: readonly string[],
  read: (file: string) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const imported = new Map<string, Set<string>>();
  for (const file of files) {
    const source = read(file);
    const add = (from: string, names: readonly string[]): void => {
      const target = normalize(join(dirname(file), from));
      const known = imported.get(target) ?? new Set();
      for (const name of names) known.add(name);
      imported.set(target, known);
    };
    for (const [, clause = '', from = ''] of source.matchAll(IMPORT)) add(from, namesOf(clause));
    for (const [, from = ''] of source.matchAll(DYNAMIC)) add(from, ['*']);
  }
  return imported;
}

function namesOf(clause: string): readonly string[] {
  if (!clause.startsWith('{')) return ['*'];
  return clause
    .slice(1, -1)
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0]!,
    );
}

/** Exports of a source that are not among the `imported` names. */
export function deadExports(
  source: string,
  imported: ReadonlySet<string> | undefined,
): readonly string[] {
  if (imported?.has('*')) return [];
  return [...codeOf(source).matchAll(EXPORT)]
    .map(([, name = '']) => name)
    .filter((name) => imported?.has(name) !== true);
}
