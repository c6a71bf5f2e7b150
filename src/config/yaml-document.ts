import {
  Composer,
  type CST,
  type ErrorCode,
  Lexer,
  type LineCounter,
  Parser,
  type Document as YamlDocument,
} from 'yaml';
import { DOCUMENT_DEPTH_MAX } from './limits.ts';
import type { Located } from './located.ts';

export const UNSET_ALIAS =
  'an alias names no anchor before it (a value that begins with "*" needs quotes)';

/** Messages of the parser that would quote the text, which may be a secret, in other words. */
const SYNTAX_MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: UNSET_ALIAS,
  TAG_RESOLVE_FAILED: 'no such tag (a value that begins with "!" needs quotes)',
  UNEXPECTED_TOKEN: 'not expected here',
};

export interface YamlReading {
  readonly yaml: YamlDocument;
  /** Syntax errors, directives, and further documents in the same text. */
  readonly problems: readonly Located[];
}

/** The YAML document of a text that must hold one; throws what the parser throws. */
export function readYaml(text: string, lines: LineCounter): YamlReading {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const starts = tokens.flatMap((token, index) => (token.type === 'document' ? [index] : []));
  const problems = tokens.flatMap(directiveProblem);
  const second = starts[1];
  if (second !== undefined) {
    const { offset } = tokens[second]!;
    const message = 'a second YAML document begins here: apply one document at a time';
    problems.push({ offset, path: '', message });
  }
  const composer = new Composer({
    prettyErrors: false,
    logLevel: 'silent',
    resolveKnownTags: false,
    // The parser compares each key with each other one; `nodeProblems` takes no such time.
    uniqueKeys: false,
  });
  const [yaml] = composer.compose(tokens.slice(0, second), true, text.length);
  problems.push(...syntaxProblems(yaml!));
  return { yaml: yaml!, problems };
}

/** `%YAML 1.1` would turn `yes` into true and 010 into 8. */
function directiveProblem(token: CST.Token): Located[] {
  if (token.type !== 'directive' || /^%YAML[ \t]+1\.2[ \t]*$/.test(token.source)) return [];
  const message = 'not a directive of YAML that is understood here: remove the line';
  return [{ offset: token.offset, path: '', message }];
}

function syntaxProblems(yaml: YamlDocument): Located[] {
  return yaml.errors.flatMap(({ pos, code, message }) => {
    if (code === 'BAD_DIRECTIVE') return [];
    // A parser that ran out of stack says so in the engine's words.
    const isDeep = message.startsWith('Maximum call stack');
    const words = isDeep ? 'nested too deeply' : (SYNTAX_MESSAGES[code] ?? message);
    return [{ offset: pos[0], path: '', message: words }];
  });
}

/** The parser would take seconds to find out by itself. Nesting by indentation pays in length. */
export function isTooDeep(text: string): boolean {
  let flowDepth = 0;
  let lineDepth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flowDepth++;
    else if (token === ']' || token === '}') flowDepth--;
    else if (token === '-' || token === '?' || token === ':') lineDepth++;
    else if (token === '\n' || token === '\r\n' || token === ',') lineDepth = 0;
    if (flowDepth > DOCUMENT_DEPTH_MAX || lineDepth > DOCUMENT_DEPTH_MAX) return true;
  }
  return false;
}
