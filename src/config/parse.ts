import {
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument as parseYaml,
  visit,
  type Document as YamlDocument,
} from 'yaml';
import type { z } from 'zod';
import type { DocumentDraft } from './document.ts';
import { findingsOf } from './findings.ts';
import {
  DOCUMENT_ALIASES_MAX,
  DOCUMENT_DEPTH_MAX,
  DOCUMENT_LENGTH_MAX_BYTES,
  PROBLEMS_MAX,
} from './limits.ts';
import { formatPath, type Path, type Problem } from './problem.ts';
import { checkReferences, type DocumentView, type Placed } from './references.ts';
import { diskSchema, documentSchema, gatewaySchema, targetSchema } from './schema.ts';

export type ParseResult =
  | { readonly ok: true; readonly document: DocumentDraft }
  /** All that is wrong, in the order of the text; at most `PROBLEMS_MAX` and one that counts. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a cluster document in YAML or JSON. Throws nothing; values never show in messages. */
export function parseDocument(text: string): ParseResult {
  if (Buffer.byteLength(text) > DOCUMENT_LENGTH_MAX_BYTES) {
    return refuse(`longer than ${DOCUMENT_LENGTH_MAX_BYTES} bytes`);
  }
  const lines = new LineCounter();
  let yaml: YamlDocument;
  let value: unknown;
  try {
    if (isTooDeep(text)) return refuse('nested too deeply');
    yaml = parseYaml(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      // The parser compares each key with each other one: `repeatedKeys` takes no such time.
      uniqueKeys: false,
    });
    if (yaml.errors.length > 0) return { ok: false, problems: syntaxProblems(yaml, lines) };
    const repeated = repeatedKeys(yaml);
    if (repeated.length > 0) return { ok: false, problems: locate(repeated, lines) };
    value = yaml.toJS({ maxAliasCount: DOCUMENT_ALIASES_MAX });
  } catch (error) {
    // The two ways a well-formed text is refused: too many aliased nodes, or nested too deeply.
    if (error instanceof ReferenceError) {
      const isUnset = error.message.startsWith('Unresolved');
      return refuse(isUnset ? UNSET_ALIAS : 'its aliases stand for too much');
    }
    if (error instanceof RangeError) return refuse('nested too deeply');
    return refuse('cannot be read');
  }
  const parsed = documentSchema.safeParse(value);
  const findings = parsed.success ? [] : findingsOf(parsed.error.issues);
  findings.push(...checkReferences(viewOf(value)));
  if (parsed.success && findings.length === 0) return { ok: true, document: parsed.data };
  // Each is looked for in the text: as many as are listed.
  const listed = findings.slice(0, PROBLEMS_MAX).map(({ path, message }): Located => {
    return { offset: offsetOf(yaml, path), path: formatPath(path), message };
  });
  return { ok: false, problems: locate(listed, lines, findings.length) };
}

/** A problem and where in the text it is. */
interface Located {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
}

function refuse(message: string): ParseResult {
  return { ok: false, problems: [{ line: 0, column: 0, path: '', message }] };
}

/** The parser would take seconds to find out by itself. Nesting by indentation pays in length. */
function isTooDeep(text: string): boolean {
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

function repeatedKeys(yaml: YamlDocument): Located[] {
  const found: Located[] = [];
  visit(yaml, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const text = keyText(key);
        const message = 'this key is there already';
        if (seen.has(text)) found.push({ offset: rangeStart(key) ?? 0, path: text, message });
        seen.add(text);
      }
    },
  });
  return found;
}

const UNSET_ALIAS =
  'an alias names no anchor before it (a value that begins with "*" needs quotes)';

/** Messages of the parser that would quote the text, which may be a secret, in other words. */
const SYNTAX_MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: UNSET_ALIAS,
  BAD_DIRECTIVE: 'not a directive of YAML',
  TAG_RESOLVE_FAILED: 'no such tag (a value that begins with "!" needs quotes)',
  UNEXPECTED_TOKEN: 'not expected here',
};

function syntaxProblems(yaml: YamlDocument, lines: LineCounter): Problem[] {
  const listed = yaml.errors.map(({ pos, code, message }): Located => {
    // A parser that ran out of stack says so in the engine's words.
    const isDeep = message.startsWith('Maximum call stack');
    const words = isDeep ? 'nested too deeply' : (SYNTAX_MESSAGES[code] ?? message);
    return { offset: pos[0], path: '', message: words };
  });
  return locate(listed, lines);
}

/** In the order of the text, at most `PROBLEMS_MAX`, and one that counts those beyond. */
function locate(listed: readonly Located[], lines: LineCounter, count = listed.length): Problem[] {
  const problems = [...listed]
    .sort((a, b) => a.offset - b.offset)
    .slice(0, PROBLEMS_MAX)
    .map(({ offset, path, message }): Problem => {
      const { line, col } = lines.linePos(offset);
      return { line, column: col, path, message };
    });
  const left = count - problems.length;
  if (left > 0) {
    problems.push({ line: 0, column: 0, path: '', message: `${left} more problems` });
  }
  return problems;
}

/** Where in the text a path is; where it is missing, what should hold it. */
function offsetOf(yaml: YamlDocument, path: Path): number {
  let node: unknown = yaml.contents;
  let offset = rangeStart(node) ?? 0;
  for (const [i, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(yaml);
    if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = rangeStart(node) ?? offset;
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === String(step));
      if (pair === undefined) break;
      node = pair.value;
      offset = rangeStart(pair.key) ?? offset;
      // A bad value is shown where it stands; a problem inside it is found further down.
      if (i === path.length - 1 && isScalar(node)) offset = rangeStart(node) ?? offset;
    } else {
      break;
    }
  }
  return offset;
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function viewOf(value: unknown): DocumentView {
  const disks = member(value, 'disks');
  const discovery = documentSchema.shape.discovery.safeParse(member(value, 'discovery'));
  return {
    disks: placed(disks, diskSchema),
    gateways: placed(member(value, 'gateways'), gatewaySchema),
    targets: placed(member(value, 'targets'), targetSchema),
    discovery: discovery.data,
    diskNames: new Set(elements(disks).map((disk) => String(member(disk, 'name')))),
  };
}

/** Each member by itself, so that one with a problem of its own hides no problem of the others. */
function placed<S extends z.ZodObject>(list: unknown, schema: S): Placed<z.output<S>>[] {
  return elements(list).map((element, index) => {
    const value: Record<string, unknown> = {};
    for (const [key, part] of Object.entries(schema.shape)) {
      const parsed = (part as z.ZodType).safeParse(member(element, key));
      if (parsed.success) value[key] = parsed.data;
    }
    return { index, value: value as Partial<z.output<S>> };
  });
}

function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
