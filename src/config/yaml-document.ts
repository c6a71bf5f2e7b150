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

const NO_SUCH_TAG = 'no such tag (a value that begins with "!" needs quotes)';

/** The parser's own messages may quote the text, which may be a secret; these say what to do. */
const SYNTAX_MESSAGES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias ("*name") has no tag and no anchor of its own',
  BAD_ALIAS: UNSET_ALIAS,
  BAD_COLLECTION_TYPE: NO_SUCH_TAG,
  BAD_DIRECTIVE: 'not a supported YAML directive: remove the line',
  BAD_DQ_ESCAPE: 'no such escape: within "..." write \\\\ for a backslash, or use \'...\'',
  BAD_INDENT: 'indented by other than its neighbors: begin all entries of a map or list alike',
  BAD_PROP_ORDER: 'an anchor or tag comes after the "-", "?" or ":"',
  BAD_SCALAR_START: 'a value that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a map or list begins on a new line (a value that has ": " needs quotes)',
  BLOCK_IN_FLOW: 'within [...] or {...} there is no "- " and no text after "|" or ">"',
  DUPLICATE_KEY: 'this key is repeated',
  IMPOSSIBLE: 'not expected here',
  KEY_OVER_1024_CHARS: 'a key has at most 1024 characters',
  MISSING_CHAR: 'before this, a closing quote or bracket, or ",", ":", "-" or a space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line',
  MULTIPLE_ANCHORS: 'two anchors for one value: leave one out',
  MULTIPLE_DOCS: 'a second YAML document begins here: apply one document at a time',
  MULTIPLE_TAGS: 'two tags for one value: leave one out',
  NON_STRING_KEY: 'a key must be text',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab indents this line: use spaces',
  TAG_RESOLVE_FAILED: NO_SUCH_TAG,
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
    problems.push({ offset, path: '', message: SYNTAX_MESSAGES.MULTIPLE_DOCS });
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
  return [{ offset: token.offset, path: '', message: SYNTAX_MESSAGES.BAD_DIRECTIVE }];
}

function syntaxProblems(yaml: YamlDocument): Located[] {
  return yaml.errors.flatMap(({ pos, code, message }) => {
    if (code === 'BAD_DIRECTIVE') return [];
    // A parser that ran out of stack says so in the engine's words.
    const isDeep = message.startsWith('Maximum call stack');
    const words = SYNTAX_MESSAGES[isDeep ? 'RESOURCE_EXHAUSTION' : code];
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
