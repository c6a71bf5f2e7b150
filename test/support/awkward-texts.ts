// Turns of phrase and homemade words that neither users nor readers of the source should meet.

import { paragraphsOfCode } from './prose.ts';
import { codeOf, withoutComments } from './source-text.ts';

/** Turns of phrase that no native speaker uses, in strings: errors, log lines, help. */
export function awkwardTexts(source: string): string[] {
  // A text that is concatenated from several lines is one.
  const joined = withoutComments(source).replace(/(['"`])\s*\+\s*\1/g, '');
  const code = codeOf(joined);
  // The characters of the source that are blank in its code.
  const texts = [...joined].map((char, at) => (char === code[at] ? ' ' : char));
  const banned =
    /\bany more\b|\banew\b|(?<!\bthere )\bis no (?:\w+|\$\{)|, too(?=[.:;)'"`])|\bso many\b|(?<=['"`])Who (?!may)/gi;
  return [...homemadeWords(source), ...[...texts.join('').matchAll(banned)].map(([text]) => text)];
}

/** Words that the project once had in place of those of its field, in code, strings or comments. */
function homemadeWords(source: string): string[] {
  const banned = /judg(?:e|ing|ment)\w*|umbrella|stranger|patrol|watchman|stand-?still/gi;
  return [...source.matchAll(banned)].map(([word]) => word);
}

/** Turns of phrase that no native speaker uses, in comments. */
export function awkwardComments(source: string): string[] {
  const banned =
    /\bany more\b|\banew\b|, (?:say|too)(?=[.:;,)])|\blets? go of\b|\bhear[sd]? of\b|\bmend(?:s|ed|ing)?\b/gi;
  return paragraphsOfCode(source).flatMap(({ line, text }) =>
    [...text.matchAll(banned)].map(([found]) => `line ${line}: ${found}`),
  );
}
