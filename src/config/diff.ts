import type { ClusterDocument, Disk } from './document.ts';
import { formatSize } from './size.ts';

/** What `apply` will do to get from one document to the next. */
export interface DocumentDiff {
  readonly createDisks: readonly Disk[];
  readonly resizeDisks: readonly { readonly disk: Disk; readonly fromBytes: number }[];
  /** Disks that now say something else of how their volume lies in the store. */
  readonly layoutDisks: readonly Disk[];
  /** Disks that leave the document; their volumes stay until `disk delete`. */
  readonly releaseDisks: readonly string[];
  /** What `apply` does not do, in words; with any of these nothing is done. */
  readonly refusals: readonly string[];
  /** Every change in words, for people. */
  readonly changes: readonly string[];
}

/** `mayShrink`: disks may become smaller, which loses data. */
export function diffDocuments(
  current: ClusterDocument | undefined,
  next: ClusterDocument,
  mayShrink: boolean,
): DocumentDiff {
  const before = new Map(current?.disks.map((disk) => [disk.name, disk]));
  const createDisks: Disk[] = [];
  const resizeDisks: { disk: Disk; fromBytes: number }[] = [];
  const layoutDisks: Disk[] = [];
  const refusals: string[] = [];
  for (const disk of next.disks) {
    const old = before.get(disk.name);
    before.delete(disk.name);
    if (old === undefined) createDisks.push(disk);
    else {
      refusals.push(...refusalsOf(old, disk, mayShrink));
      const isLaid = disk.dataPool === old.dataPool && disk.objectSize === old.objectSize;
      if (!isLaid) layoutDisks.push(disk);
      if (disk.size !== old.size) resizeDisks.push({ disk, fromBytes: old.size });
    }
  }
  const releaseDisks = [...before.keys()];
  const changes = [
    ...createDisks.map(({ name, size }) => `create disk ${name} (${formatSize(size)})`),
    ...resizeDisks.map(({ disk: { name, size }, fromBytes }) => {
      return `resize disk ${name} from ${formatSize(fromBytes)} to ${formatSize(size)}`;
    }),
    ...releaseDisks.map((name) => `stop serving disk ${name}; its data stay`),
    ...changesOf('disk', current?.disks ?? [], next.disks, 'name', ['size']),
    ...namedChanges('gateway', current?.gateways ?? [], next.gateways, 'name'),
    ...namedChanges('target', current?.targets ?? [], next.targets, 'iqn'),
    ...(equal(current?.discovery ?? {}, next.discovery) ? [] : ['change discovery']),
    ...(equal(current?.settings ?? next.settings, next.settings) ? [] : ['change settings']),
  ];
  return { createDisks, resizeDisks, layoutDisks, releaseDisks, refusals, changes };
}

function refusalsOf(old: Disk, disk: Disk, mayShrink: boolean): string[] {
  const refusals: string[] = [];
  const { name } = disk;
  if (disk.size < old.size && !mayShrink) {
    const sizes = `${formatSize(old.size)} to ${formatSize(disk.size)}`;
    refusals.push(`disk ${name} would shrink from ${sizes}: use "disk resize --shrink"`);
  }
  if (disk.blockLength !== old.blockLength) {
    refusals.push(`disk ${name} has blocks of ${old.blockLength} bytes; that cannot change`);
  }
  if (disk.uuid !== old.uuid) refusals.push(`disk ${name} has the uuid ${old.uuid}`);
  return refusals;
}

function namedChanges<T extends object, K extends keyof T>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  key: K,
): string[] {
  const names = (list: readonly T[]) => new Set(list.map((item) => item[key]));
  const [old, now] = [names(before), names(after)];
  return [
    ...[...now].filter((name) => !old.has(name)).map((name) => `add ${kind} ${String(name)}`),
    ...[...old].filter((name) => !now.has(name)).map((name) => `remove ${kind} ${String(name)}`),
    ...changesOf(kind, before, after, key, []),
  ];
}

function changesOf<T extends object, K extends keyof T>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  key: K,
  except: readonly (keyof T)[],
): string[] {
  const old = new Map(before.map((item) => [item[key], item]));
  return after.flatMap((item) => {
    const was = old.get(item[key]);
    if (was === undefined) return [];
    const fields = [...new Set([...Object.keys(was), ...Object.keys(item)])] as (keyof T)[];
    const changed = fields.filter((f) => !except.includes(f) && !equal(was[f], item[f]));
    if (changed.length === 0) return [];
    return [`change ${kind} ${String(item[key])}: ${changed.join(', ')}`];
  });
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** The order of keys means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
