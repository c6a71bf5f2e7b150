// Reads what is written for people, the paragraphs of comments and of Markdown pages, and finds
// those whose last sentence stops in the middle.

import { commentsOf } from './source-text.ts';

export interface Paragraph {
  /** The line that it begins on. */
  readonly line: number;
  /** One line: line breaks are blanks. */
  readonly text: string;
  /** Whether it is read as sentences: no row of a table, no format, no remark behind code. */
  readonly isProse: boolean;
  /** Whether the items of a list carry its sentence on. */
  readonly isBeforeItem: boolean;
}

/**
 * The paragraphs of all comments. Line comments below each other are one comment; one behind code
 * is a remark. Deeper lines, such as the layout of a record, are a format.
 */
export function paragraphsOfCode(source: string): readonly Paragraph[] {
  const blocks: { line: number; lines: string[]; isOpen: boolean; isRemark: boolean }[] = [];
  for (const { line, text, isAlone } of commentsOf(source)) {
    const last = blocks.at(-1);
    const lines = bareLines(text);
    const isLine = text.startsWith('//');
    if (isLine && isAlone && last?.isOpen && last.line + last.lines.length === line) {
      last.lines.push(...lines);
    } else {
      blocks.push({ line, lines, isOpen: isLine && isAlone, isRemark: !isAlone });
    }
  }
  return blocks.flatMap(({ line, lines, isRemark }) =>
    split(lines, line).map((paragraph) =>
      isRemark ? { ...paragraph, isProse: false } : paragraph,
    ),
  );
}

function bareLines(comment: string): string[] {
  if (comment.startsWith('//')) return [comment.replace(/^\/\/+ ?/, '')];
  const lines = comment.replace(/^\/\*+ ?|\*\/$/g, '').split('\n');
  return lines.map((line) => line.replace(/^\s*\* ?/, ''));
}

/** The paragraphs, list items and table rows of a Markdown page, without headings and code. */
export function paragraphsOfMarkdown(source: string): readonly Paragraph[] {
  let inCode = false;
  const lines = source.split('\n').map((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) inCode = !inCode;
    const isNoProse = inCode || isFence || /^#|^\|[-:| ]*$|^\s*<|^---/.test(line);
    return isNoProse ? NO_PROSE : line;
  });
  return split(lines, 1);
}

/** Stands for a heading or a line of code, behind which no list carries a sentence on. */
const NO_PROSE = '\f';
const ITEM = /^\s*([-*]|\d+\.) /;
const ROW = /^\s*\|/;
const TAG = /^@\w/;
const FORMAT = /^ {2}/;

/** An empty line ends a paragraph; a list item, a table row and a tag begin one. */
function split(lines: readonly string[], first: number): readonly Paragraph[] {
  const found: { line: number; lines: string[]; isApart: boolean }[] = [];
  let isOpen = false;
  let isApart = false;
  for (const [index, text] of lines.entries()) {
    const begins = ITEM.test(text) || ROW.test(text) || TAG.test(text);
    if (text === NO_PROSE) isApart = true;
    if (text.trim() === '') isOpen = false;
    else if (isOpen && !begins) found.at(-1)?.lines.push(text);
    else {
      found.push({ line: first + index, lines: [text], isApart });
      isOpen = true;
      isApart = false;
    }
  }
  return found.map((paragraph, index) => {
    const head = paragraph.lines[0] ?? '';
    const isFormat = FORMAT.test(head) && !ITEM.test(head);
    const next = found[index + 1];
    return {
      line: paragraph.line,
      text: paragraph.lines.map((text) => text.trim()).join(' '),
      isProse: !ROW.test(head) && !isFormat,
      isBeforeItem: next !== undefined && !next.isApart && ITEM.test(next.lines[0] ?? ''),
    };
  });
}

const ENDED = /[.:;?!)][\])"'`*]*$/;
/** Words for another program, not for people. */
const DIRECTIVE = /^clang-format (on|off)$/;

/** Paragraphs whose last sentence has no end. */
export function brokenEnds(paragraphs: readonly Paragraph[]): readonly string[] {
  return paragraphs
    .filter(({ isProse, isBeforeItem }) => isProse && !isBeforeItem)
    .filter(({ text }) => !ENDED.test(text) && !DIRECTIVE.test(text))
    .map(({ line, text }) => `line ${line} begins what ends in "${text.slice(-30)}"`);
}
