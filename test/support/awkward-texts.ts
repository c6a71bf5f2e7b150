// Turns of phrase that neither users nor readers of the source should meet.

import { paragraphsOfCode } from './prose.ts';
import { codeOf, withoutComments } from './source-text.ts';

/** Turns of phrase that no native speaker uses, in strings alone: errors, log lines, help. */
export function awkwardTexts(source: string): string[] {
  // A text that is put together from several lines is one.
  const joined = withoutComments(source).replace(/(['"`])\s*\+\s*\1/g, '');
  const code = codeOf(joined);
  // What is left of the source where its code is blank.
  const texts = [...joined].map((char, at) => (char === code[at] ? ' ' : char));
  const banned =
    /\bany more\b|\banew\b|(?<!\bthere )\bis no (?:\w+|\$\{)|, too(?=[.:;)'"`])|\bso many\b|(?<=['"`])Who (?!may)/gi;
  return [...texts.join('').matchAll(banned)].map(([text]) => text);
}

/** Turns of phrase that no native speaker uses, in comments. */
export function awkwardComments(source: string): string[] {
  const banned =
    /\bany more\b|\banew\b|, (?:say|too)(?=[.:;,)])|\blets? go of\b|\bhear[sd]? of\b|\bmend(?:s|ed|ing)?\b/gi;
  return paragraphsOfCode(source).flatMap(({ line, text }) =>
    [...text.matchAll(banned)].map(([found]) => `line ${line}: ${found}`),
  );
}
