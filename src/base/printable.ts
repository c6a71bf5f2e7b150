/**
 * Characters that change how other text is shown: controls, lone surrogates, line separators, and
 * format characters such as those that reverse the direction of writing.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text from an untrusted peer in a form fit for the log: bounded, and one line. */
export function printable(text: string, lengthMax: number): string {
  const bounded = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  return bounded.replace(HIDDEN, '?');
}
