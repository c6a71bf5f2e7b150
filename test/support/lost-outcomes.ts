// Finds lost outcomes: floating promises, and event handlers that do nothing.

import { codeOf } from './source-text.ts';

export function floatingPromises(source: string): string[] {
  const modules = /import \{([^}]*)\} from '(node:\w+\/promises|node:events)'/g;
  const names = [...source.matchAll(modules)].flatMap(([, list = '', module]) =>
    list
      .split(',')
      .map((name) => name.replace(/.*\bas\b/, '').trim())
      .filter((name) => name !== '' && (module !== 'node:events' || name === 'once')),
  );
  const pattern = [...names, String.raw`\w+\.promises\.\w+`].join('|');
  const code = codeOf(source);
  return [...code.matchAll(new RegExp(`(?<=^|[;{}]\\s*\\n)[ ]*(${pattern})\\(`, 'gm'))].flatMap(
    (match) => {
      const before = code.slice(0, match.index);
      // A line that goes on with an expression of the line before is no statement.
      if (/[=(,?:&|>+[]\s*$/.test(before)) return [];
      return [`line ${before.split('\n').length}: ${match[1]}`];
    },
  );
}

export function emptyHandlers(source: string): string[] {
  const nothing = /\{\s*\}|undefined\b|void 0\b/.source;
  const arrow = new RegExp(
    String.raw`\b(on[A-Z]\w*)\s*:\s*(?:async )?\([^()]*\)\s*=>\s*(?:${nothing})`,
    'g',
  );
  const method = /\b(on[A-Z]\w*)\([^()]*\)(?:: \w+)?\s*\{\s*\}/g;
  const code = codeOf(source);
  return [arrow, method].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, name]) => `${name} does nothing`),
  );
}
