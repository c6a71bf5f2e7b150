// Turns of phrase that users should not read.

import { codeOf, withoutComments } from './source-text.ts';

/** Turns of phrase that no native speaker uses, in strings alone: errors, log lines, help. */
export function awkwardTexts(source: string): string[] {
  const code = codeOf(source);
  // What is left of the source where its code is blank.
  const texts = [...withoutComments(source)].map((char, at) => (char === code[at] ? ' ' : char));
  const banned =
    /\bany more\b|\banew\b|(?<!\bthere )\bis no \w+|, too\.|\bso many\b|(?<=['"`])Who (?!may)/gi;
  return [...texts.join('').matchAll(banned)].map(([text]) => text);
}
