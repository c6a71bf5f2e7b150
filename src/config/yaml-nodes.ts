import { isAlias, isMap, isNode, isScalar, isSeq, type Document as YamlDocument } from 'yaml';
import type { Located } from './located.ts';
import { formatPath, type Path } from './problem.ts';

/** Tags that say what the value is anyway. */
const TAGS: ReadonlySet<string> = new Set(
  ['str', 'int', 'bool', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);
/** A number that every reader of YAML and JSON takes for the same one. */
const NUMBER = /^(?:0|-?[1-9][0-9]{0,15})$/;

/**
 * Constructs of YAML that a document must not have, because readers of YAML differ about them, or
 * because they would be lost in the conversion to a value: keys that are repeated, the key
 * `__proto__`, tags, and numbers that are not plain decimal ones.
 */
export function nodeProblems(yaml: YamlDocument): Located[] {
  const found: Located[] = [];
  visit(yaml.contents, [], found);
  return found;
}

function visit(node: unknown, path: Path, found: Located[]): void {
  const message = messageFor(node);
  if (message !== undefined) {
    found.push({ offset: rangeStart(node) ?? 0, path: formatPath(path), message });
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) visit(item, [...path, index], found);
  } else if (isMap(node)) {
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = keyText(key);
      const inner = [...path, name];
      const fault = seen.has(name) ? 'this key is repeated' : keyMessage(name);
      if (fault !== undefined) {
        found.push({ offset: rangeStart(key) ?? 0, path: formatPath(inner), message: fault });
      } else {
        visit(key, inner, found);
      }
      seen.add(name);
      visit(value, inner, found);
    }
  }
}

function messageFor(node: unknown): string | undefined {
  if (!isNode(node) || isAlias(node)) return undefined;
  if (node.tag !== undefined && !TAGS.has(node.tag)) {
    return 'no such tag (a value that begins with "!" needs quotes)';
  }
  if (!isScalar(node) || typeof node.value !== 'number') return undefined;
  if (NUMBER.test(node.source ?? '') && Number.isSafeInteger(node.value)) return undefined;
  return 'numbers are whole and decimal, without leading zeros; text needs quotes';
}

function keyMessage(name: string): string | undefined {
  if (name === '__proto__') return 'no such key';
  return name === '<<' ? 'merge keys are not supported: write the keys out' : undefined;
}

export function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

export function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
