import { codeOf } from '../../test/support/source-text.ts';

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with']);
/** The maximal distance between the start of a function with a long result type and its brace. */
const HEAD_LENGTH_MAX = 400;

/** Offsets just after the braces that open the bodies of functions, methods and arrows. */
export function functionStarts(source: string): readonly number[] {
  const code = codeOf(source);
  const found: number[] = [];
  for (let at = code.indexOf('{'); at >= 0; at = code.indexOf('{', at + 1)) {
    if (opensFunction(code, at)) found.push(at + 1);
  }
  return found;
}

function opensFunction(code: string, brace: number): boolean {
  const head = code.slice(Math.max(0, brace - HEAD_LENGTH_MAX), brace).trimEnd();
  if (head.endsWith('=>')) return true;
  if (head.endsWith(')')) return !CONTROL.has(wordBeforeList(head));
  // A result type: no brace, semicolon or assignment between it and the parameter list.
  const typed = /\)\s*:\s*([^;{}=]+)$/.exec(head);
  if (typed === null || /\b(?:case|default)\b[^;{}]*$/.test(head)) return false;
  return !CONTROL.has(wordBeforeList(head.slice(0, typed.index + 1)));
}

/** The word before the parentheses that end a text. */
function wordBeforeList(head: string): string {
  let depth = 0;
  for (let at = head.length - 1; at >= 0; at--) {
    if (head[at] === ')') depth += 1;
    if (head[at] === '(') depth -= 1;
    if (depth === 0) return /([#\w]+)\s*$/.exec(head.slice(0, at))?.[1] ?? '';
  }
  return '';
}
