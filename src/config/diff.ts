import { differences, equal } from './difference.ts';
import { type DiskDiff, type DiskDiffOptions, diffDisks } from './disk-diff.ts';
import type { ClusterDocument } from './document.ts';
import { nextPortIdentifier, portRefusals } from './port-identity.ts';

/**
 * The changes by which `apply` gets from one document to the next, each also in words. With any
 * refusal nothing is done.
 */
export type DocumentDiff = DiskDiff;

export function diffDocuments(
  current: ClusterDocument | undefined,
  next: ClusterDocument,
  options: DiskDiffOptions = {},
): DocumentDiff {
  const disks = diffDisks(current, next, options);
  const changes = [
    ...disks.changes,
    ...namedChanges('gateway', current?.gateways ?? [], next.gateways, 'name'),
    ...namedChanges('target', current?.targets ?? [], next.targets, 'iqn'),
    ...nextIdentifierChange(current, next),
    ...(equal(current?.discovery ?? {}, next.discovery) ? [] : ['change discovery']),
    ...(equal(current?.settings ?? next.settings, next.settings) ? [] : ['change settings']),
  ];
  const refusals = [...disks.refusals, ...portRefusals(current, next)];
  return { ...disks, changes, refusals };
}

/** New portals raise it; only what goes beyond them is a change by itself. */
function nextIdentifierChange(
  current: ClusterDocument | undefined,
  next: ClusterDocument,
): readonly string[] {
  const { nextRelativePortIdentifier: identifier } = next;
  const least = Math.max(
    current?.nextRelativePortIdentifier ?? 1,
    nextPortIdentifier(next.gateways),
  );
  return identifier === least ? [] : [`assign no relative port identifier below ${identifier}`];
}

function namedChanges<T extends object, K extends keyof T>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  key: K,
): string[] {
  const old = new Map(before.map((item) => [item[key], item]));
  const now = new Map(after.map((item) => [item[key], item]));
  const changed = [...now].flatMap(([name, item]) => {
    const was = old.get(name);
    const keys = was === undefined ? [] : differences(was, item);
    return keys.length === 0 ? [] : [`change ${kind} ${String(name)}: ${keys.join(', ')}`];
  });
  return [
    ...[...now.keys()].filter((name) => !old.has(name)).map((name) => `add ${kind} ${name}`),
    ...[...old.keys()].filter((name) => !now.has(name)).map((name) => `remove ${kind} ${name}`),
    ...changed,
  ];
}
