// Reads TypeScript for the tidy test: the imports of a file, its code without comments and strings,
// and its comments. A scanner of characters, not a parser: TypeScript 7 has no interface
// for programs.

export interface Import {
  readonly from: string;
  /** Whether it vanishes at run time: `import type`, `export type`. */
  readonly typesOnly: boolean;
  readonly line: number;
}

export interface Comment {
  /** The line that it begins on. */
  readonly line: number;
  readonly text: string;
  /** Whether no code stands before it on its line. */
  readonly isAlone: boolean;
}

/** Static imports, re-exports and imports by call, in order. */
export function importsOf(source: string): readonly Import[] {
  const found: Import[] = [];
  // Comments go, strings stay: the module's name is one.
  const code = scan(source, { keepStrings: true });
  const statement =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*(['"])(.*?)\2|(?:^|\n)\s*import\s*(['"])(.*?)\4|\bimport\s*\(\s*(['"])(.*?)\6/g;
  for (const match of code.matchAll(statement)) {
    const from = match[3] ?? match[5] ?? match[7] ?? '';
    const before = code.slice(0, match.index + match[0].length);
    found.push({ from, typesOnly: match[1] !== undefined, line: before.split('\n').length });
  }
  return found;
}

/** The code alone: comments and the contents of strings become blanks, lines stay lines. */
export function codeOf(source: string): string {
  return scan(source, { keepStrings: false });
}

/** Code and strings: comments become blanks. */
export function withoutComments(source: string): string {
  return scan(source, { keepStrings: true });
}

/** The comments as they are written, in order; each line comment by itself. */
export function commentsOf(source: string): readonly Comment[] {
  const found: Comment[] = [];
  let [line, counted] = [1, 0];
  const onComment = (from: number, to: number) => {
    line += source.slice(counted, from).split('\n').length - 1;
    counted = from;
    const before = source.slice(source.lastIndexOf('\n', from - 1) + 1, from);
    found.push({ line, text: source.slice(from, to), isAlone: before.trim() === '' });
  };
  scan(source, { keepStrings: true, onComment });
  return found;
}

interface ScanOptions {
  readonly keepStrings: boolean;
  readonly onComment?: (from: number, to: number) => void;
}

function scan(source: string, { keepStrings, onComment = () => {} }: ScanOptions): string {
  let out = '';
  let position = 0;
  /** Depths of braces at which a template's expression ends. */
  const templates: number[] = [];
  let depth = 0;
  const blank = (end: number) => {
    out += source.slice(position, end).replace(/[^\n]/g, ' ');
    position = end;
  };
  const comment = (end: number) => {
    onComment(position, end);
    blank(end);
  };
  const text = (end: number) => {
    if (!keepStrings) return blank(end);
    out += source.slice(position, end);
    position = end;
  };
  while (position < source.length) {
    const two = source.slice(position, position + 2);
    const char = two[0] ?? '';
    if (two === '//') comment(endOf(source, '\n', position));
    else if (two === '/*') comment(endOf(source, '*/', position) + 2);
    else if (char === "'" || char === '"') text(endOfString(source, position, char));
    else if (char === '/' && startsRegex(out)) blank(endOfRegex(source, position));
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const end = endOfTemplatePart(source, position + 1);
      text(end);
      if (source.slice(end - 2, end) === '${') templates.push(depth);
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      out += char;
      position += 1;
    }
  }
  return out;
}

function endOf(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from);
  return at < 0 ? source.length : at;
}

function endOfString(source: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') {
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

/** Just behind the closing backtick, or behind the next `${`. */
function endOfTemplatePart(source: string, from: number): number {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '`') return at + 1;
    else if (source[at] === '$' && source[at + 1] === '{') return at + 2;
  }
  return source.length;
}

/** A slash starts a regular expression where no value stands before it. */
function startsRegex(before: string): boolean {
  const code = before.trimEnd();
  return code === '' || /[(,=:[!&|?{};+\-*%<>~^]$|\b(?:return|typeof|case|in|of)$/.test(code);
}

function endOfRegex(source: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < source.length && source[at] !== '\n'; at += 1) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    else if (source[at] === '/' && !inClass) return at + 1;
  }
  return from + 1;
}
