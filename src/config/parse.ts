import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument as parseYaml,
  type Document as YamlDocument,
} from 'yaml';
import type { z } from 'zod';
import type { DocumentDraft } from './document.ts';
import { findingsOf } from './findings.ts';
import { DOCUMENT_ALIASES_MAX, DOCUMENT_LENGTH_MAX_BYTES, PROBLEMS_MAX } from './limits.ts';
import { type Finding, formatPath, type Path, type Problem } from './problem.ts';
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
    yaml = parseYaml(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
    if (yaml.errors.length > 0) return { ok: false, problems: syntaxProblems(yaml, lines) };
    value = yaml.toJS({ maxAliasCount: DOCUMENT_ALIASES_MAX });
  } catch (error) {
    // The two ways a well-formed text is refused: too many aliased nodes, or nested too deeply.
    if (error instanceof ReferenceError) return refuse('its aliases stand for too much');
    if (error instanceof RangeError) return refuse('nested too deeply');
    return refuse('cannot be read');
  }
  const parsed = documentSchema.safeParse(value);
  const findings = parsed.success ? [] : findingsOf(parsed.error.issues);
  findings.push(...checkReferences(viewOf(value)));
  if (parsed.success && findings.length === 0) return { ok: true, document: parsed.data };
  return { ok: false, problems: locate(findings, yaml, lines) };
}

function refuse(message: string): ParseResult {
  return { ok: false, problems: [{ line: 0, column: 0, path: '', message }] };
}

function syntaxProblems(yaml: YamlDocument, lines: LineCounter): Problem[] {
  return bounded(
    yaml.errors.map(({ pos, message }) => {
      const { line, col } = lines.linePos(pos[0]);
      // A parser that ran out of stack says so in the engine's words.
      const deep = message.startsWith('Maximum call stack');
      return { line, column: col, path: '', message: deep ? 'nested too deeply' : message };
    }),
  );
}

function locate(findings: readonly Finding[], yaml: YamlDocument, lines: LineCounter): Problem[] {
  const problems = findings.map(({ path, message }) => {
    const { line, col } = lines.linePos(offsetOf(yaml, path));
    return { line, column: col, path: formatPath(path), message };
  });
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return bounded(problems);
}

function bounded(problems: readonly Problem[]): Problem[] {
  const left = problems.length - PROBLEMS_MAX;
  if (left <= 0) return [...problems];
  const message = `${left} more problems`;
  return [...problems.slice(0, PROBLEMS_MAX), { line: 0, column: 0, path: '', message }];
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
