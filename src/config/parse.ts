import { isAlias, isMap, isScalar, isSeq, LineCounter, type Document as YamlDocument } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../base/closest-name.ts';
import type { DocumentDraft } from './document.ts';
import { decodeDocumentText } from './document-text.ts';
import { findingsOf } from './findings.ts';
import { issueWords } from './issue-words.ts';
import {
  DOCUMENT_ALIASES_MAX,
  DOCUMENT_LENGTH_MAX_BYTES,
  PROBLEMS_MAX,
  SUGGESTIONS_MAX,
} from './limits.ts';
import { type Located, locate } from './located.ts';
import { type Finding, formatPath, type Path, type Problem } from './problem.ts';
import { checkReferences, type DocumentView, type Placed } from './references.ts';
import { diskSchema, documentSchema, gatewaySchema, targetSchema } from './schema.ts';
import { isTooDeep, readYaml, UNSET_ALIAS, type YamlReading } from './yaml-document.ts';
import { keyText, nodeProblems, rangeStart } from './yaml-nodes.ts';

type ParseResult =
  | { readonly ok: true; readonly document: DocumentDraft }
  /** All that is wrong, in the order of the text; at most `PROBLEMS_MAX` and one that counts. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a cluster document: YAML or JSON, in UTF-8. Throws nothing; values never show in messages.
 */
export function parseDocument(source: Uint8Array | string): ParseResult {
  const lengthBytes = typeof source === 'string' ? Buffer.byteLength(source) : source.length;
  if (lengthBytes > DOCUMENT_LENGTH_MAX_BYTES) {
    return refuse(`longer than ${DOCUMENT_LENGTH_MAX_BYTES} bytes`);
  }
  const decoded = decodeDocumentText(source);
  if (!decoded.ok) return decoded;
  const { text } = decoded;
  if (text.trim() === '') return refuse('empty: a document needs at least "formatVersion: 1"');
  const lines = new LineCounter();
  let reading: YamlReading;
  let value: unknown;
  try {
    if (isTooDeep(text)) return refuse('nested too deeply');
    reading = readYaml(text, lines);
    if (reading.problems.length > 0)
      return { ok: false, problems: locate(reading.problems, lines) };
    value = reading.yaml.toJS({ maxAliasCount: DOCUMENT_ALIASES_MAX });
  } catch (error) {
    // The two ways a well-formed text is refused: too many aliased nodes, or nested too deeply.
    if (error instanceof ReferenceError) {
      const isUnset = error.message.startsWith('Unresolved');
      return refuse(isUnset ? UNSET_ALIAS : 'its aliases expand to too much');
    }
    if (error instanceof RangeError) return refuse('nested too deeply');
    return refuse('cannot be read');
  }
  return validate(value, reading.yaml, lines);
}

function validate(value: unknown, yaml: YamlDocument, lines: LineCounter): ParseResult {
  const misread = nodeProblems(yaml);
  const told = new Set(misread.map(({ path }) => path));
  const parsed = documentSchema.safeParse(value, { error: issueWords });
  const findings = parsed.success ? [] : findingsOf(parsed.error.issues);
  findings.push(...checkReferences(viewOf(value)));
  if (parsed.success && findings.length === 0 && misread.length === 0) {
    return { ok: true, document: parsed.data };
  }
  const others = findings.filter(({ path }) => !told.has(formatPath(path)));
  // Each is looked for in the text: as many as are listed.
  const listed = suggested(others.slice(0, PROBLEMS_MAX)).map(({ path, message }): Located => {
    return { offset: offsetOf(yaml, path), path: formatPath(path), message };
  });
  const count = misread.length + others.length;
  return { ok: false, problems: locate([...misread, ...listed], lines, count) };
}

/** Adds the closest known name to the first findings about unknown names. */
function suggested(findings: readonly Finding[]): readonly Finding[] {
  let count = 0;
  return findings.map((finding) => {
    const { near, message } = finding;
    if (near === undefined || count >= SUGGESTIONS_MAX) return finding;
    count += 1;
    return { ...finding, message: message + didYouMean(near.word, near.names) };
  });
}

function refuse(message: string): ParseResult {
  return { ok: false, problems: [{ line: 0, column: 0, path: '', message }] };
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
