import { isUtf8 } from 'node:buffer';
import { PROBLEMS_MAX } from './limits.ts';
import type { Problem } from './problem.ts';

type DocumentText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Characters that no reader sees as what they are: controls, line separators that are not line
 * breaks in YAML, directions of writing, a lone CR, U+FEFF past the start, and U+FFFD, which is
 * what a failed conversion leaves behind.
 */
const UNREADABLE =
  /[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffc\u{10000}-\u{10ffff}]|\r(?!\n)/gu;
const BYTE_ORDER_MARK = '\ufeff';
const NOT_UTF8 = 'not UTF-8: convert the file, for example with "iconv -f LATIN1 -t UTF-8"';
/** Byte order marks; PowerShell writes redirected output like that. */
const UTF16_MARKS = ['fffe', 'feff'];
const IS_UTF16 = 'UTF-16: convert the file with "iconv -f UTF-16 -t UTF-8"';
const LINE_FEED = 0x0a;

/** The text of a document, if every byte of it is a readable character in UTF-8. */
export function decodeDocumentText(source: Uint8Array | string): DocumentText {
  if (typeof source !== 'string' && isUtf16(source)) {
    return { ok: false, problems: [{ line: 1, column: 1, path: '', message: IS_UTF16 }] };
  }
  if (typeof source !== 'string' && !isUtf8(source)) {
    return { ok: false, problems: malformedLines(source) };
  }
  const decoded = typeof source === 'string' ? source : Buffer.from(source).toString('utf8');
  const text = decoded.startsWith(BYTE_ORDER_MARK) ? decoded.slice(1) : decoded;
  const problems = unreadableCharacters(text);
  return problems.length === 0 ? { ok: true, text } : { ok: false, problems };
}

function isUtf16(bytes: Uint8Array): boolean {
  return UTF16_MARKS.includes(Buffer.from(bytes.subarray(0, 2)).toString('hex'));
}

/** One problem for each line that is not UTF-8, at its first wrong byte. */
function malformedLines(bytes: Uint8Array): Problem[] {
  const problems: Problem[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length && problems.length < PROBLEMS_MAX; line++) {
    const at = bytes.indexOf(LINE_FEED, start);
    const end = at < 0 ? bytes.length : at;
    const content = bytes.subarray(start, end);
    if (!isUtf8(content)) {
      problems.push({ line, column: firstWrongColumn(content), path: '', message: NOT_UTF8 });
    }
    start = end + 1;
  }
  return problems;
}

function firstWrongColumn(line: Uint8Array): number {
  // The decoder puts U+FFFD for what it cannot read; the line may have one of its own before.
  const decoded = Buffer.from(line).toString('utf8');
  let lengthBytes = 0;
  for (const [index, character] of [...decoded].entries()) {
    const encoded = Buffer.from(character);
    const isSame = encoded.equals(line.subarray(lengthBytes, lengthBytes + encoded.length));
    if (!isSame) return index + 1;
    lengthBytes += encoded.length;
  }
  return 1;
}

function unreadableCharacters(text: string): Problem[] {
  const problems: Problem[] = [];
  let line = 1;
  let lineStart = 0;
  for (const { 0: character, index } of text.matchAll(UNREADABLE)) {
    for (;;) {
      const at = text.indexOf('\n', lineStart);
      if (at < 0 || at >= index) break;
      line++;
      lineStart = at + 1;
    }
    const message = `the character ${codePoint(character)} is not readable text: remove it`;
    problems.push({ line, column: index - lineStart + 1, path: '', message });
    if (problems.length >= PROBLEMS_MAX) break;
  }
  return problems;
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
