import { includesAddress } from './address.ts';
import { checkSecrets, type PlacedChap } from './chap-secrets.ts';
import type {
  AccessEntry,
  DiskDraft,
  DocumentDraft,
  LunMapEntry,
  PortalDraft,
} from './document.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

/** The members of a document that passed the schema, with their places; the rest is left out. */
export interface DocumentView {
  readonly disks: readonly Placed<DiskDraft>[];
  readonly gateways: readonly Placed<DocumentDraft['gateways'][number]>[];
  readonly targets: readonly Placed<DocumentDraft['targets'][number]>[];
  readonly discovery: DocumentDraft['discovery'] | undefined;
  /** Names of all disks, also of those with a problem of their own. */
  readonly diskNames: ReadonlySet<string>;
}

export interface Placed<T> {
  readonly index: number;
  readonly value: Partial<T>;
}

/** Faults that no single place of a document shows: duplicates, and names that do not exist. */
export function checkReferences(view: DocumentView): Finding[] {
  return [
    ...checkDisks(view),
    ...checkGateways(view),
    ...checkTargets(view),
    ...checkSecrets(chapsOf(view)),
  ];
}

function checkDisks(view: DocumentView): Finding[] {
  const found: Finding[] = [];
  const keys = ['name', 'uuid', 'wwn', 'serial'] as const;
  for (const key of keys) {
    const unique = new Unique();
    for (const { index, value } of view.disks) {
      const text = value[key];
      unique.add(text, ['disks', index, key]);
    }
    found.push(...unique.findings);
  }
  for (const { index, value } of view.disks) {
    const { size = 0, blockLength = 512 } = value;
    if (size % blockLength !== 0) {
      const message = `must be a multiple of the block length ${blockLength}`;
      found.push({ path: ['disks', index, 'size'], message });
    }
  }
  return found;
}

function checkGateways(view: DocumentView): Finding[] {
  const found: Finding[] = [];
  const names = new Unique();
  const sockets = new Unique();
  const tags = new Map<number, { gateway: number; port: number | undefined }>();
  const ports = new Map<number, { gateway: number; tag: number | undefined }>();
  for (const { index, value } of view.gateways) {
    names.add(value.name, ['gateways', index, 'name']);
    // Gateways of two hosts may listen on equal addresses; one gateway cannot do so twice.
    const listening = new Unique();
    for (const [i, portal] of (value.portals ?? []).entries()) {
      const path = ['gateways', index, 'portals', i] as const;
      const { portalGroupTag: tag, relativePortIdentifier: port } = portal;
      sockets.add(`${portal.address} port ${portal.port}`, [...path, 'address']);
      const [listen, key] =
        portal.listen === undefined ? [portal.address, 'address'] : [portal.listen, 'listen'];
      listening.add(`${listen} port ${portal.port}`, [...path, key]);
      const whole = sameSocket(value.portals!.slice(0, i), listen, portal.port);
      if (whole !== undefined) {
        const message = `port ${portal.port} is taken by a portal that listens on ${whole}`;
        found.push({ path: [...path, key], message });
      }
      const tagBefore = tag === undefined ? undefined : tags.get(tag);
      if (tagBefore !== undefined && tagBefore.gateway !== index) {
        const message = `tag ${tag} is gateway ${gatewayName(view, tagBefore.gateway)}'s`;
        found.push({ path: [...path, 'portalGroupTag'], message });
      }
      // A target port of iSCSI is a portal group: one tag, one relative port identifier.
      const portBefore = port === undefined ? undefined : ports.get(port);
      const isOneGroup = portBefore?.gateway === index && portBefore.tag === tag;
      if (portBefore !== undefined && !(isOneGroup && tag !== undefined)) {
        const message = `${port} is the identifier of another portal group`;
        found.push({ path: [...path, 'relativePortIdentifier'], message });
      } else if (tagBefore?.gateway === index && port !== tagBefore.port) {
        const message = 'differs from that of the other portal of this group';
        found.push({ path: [...path, 'relativePortIdentifier'], message });
      }
      if (tag !== undefined && tagBefore === undefined) tags.set(tag, { gateway: index, port });
      if (port !== undefined && portBefore === undefined) ports.set(port, { gateway: index, tag });
    }
    const isTold = new Set(sockets.findings.map(({ path }) => formatPath(path)));
    found.push(...listening.findings.filter(({ path }) => !isTold.has(formatPath(path))));
  }
  return [...names.findings, ...sockets.findings, ...found];
}

/** The address on which one of these listens, if that is another one which takes this one along. */
function sameSocket(
  portals: readonly PortalDraft[],
  listen: string,
  port: number,
): string | undefined {
  const others = portals.filter((each) => each.port === port);
  const addresses = others.map((each) => each.listen ?? each.address);
  return addresses.find((other) => {
    return other !== listen && (includesAddress(other, listen) || includesAddress(listen, other));
  });
}

function gatewayName(view: DocumentView, index: number): string {
  return view.gateways.find((gateway) => gateway.index === index)?.value.name ?? String(index);
}

function checkTargets(view: DocumentView): Finding[] {
  const found: Finding[] = [];
  const names = new Unique();
  for (const { index, value } of view.targets) {
    const path = ['targets', index] as const;
    names.add(value.iqn, [...path, 'iqn']);
    found.push(...checkLuns(value.luns ?? {}, [...path, 'luns'], view));
    if (value.access !== undefined && value.access !== 'any') {
      found.push(...checkAccess(value.access, [...path, 'access'], view));
    }
  }
  return [...names.findings, ...found];
}

function checkAccess(access: readonly AccessEntry[], path: Path, view: DocumentView): Finding[] {
  const found: Finding[] = [];
  const initiators = new Unique();
  for (const [i, entry] of access.entries()) {
    initiators.add(entry.initiator, [...path, i, 'initiator']);
    if (entry.luns !== undefined) found.push(...checkLuns(entry.luns, [...path, i, 'luns'], view));
  }
  return [...initiators.findings, ...found];
}

function checkLuns(luns: LunMapEntry, path: Path, view: DocumentView): Finding[] {
  const found: Finding[] = [];
  const disks = new Unique();
  for (const [lun, disk] of Object.entries(luns)) {
    if (view.diskNames.has(disk)) disks.add(disk, [...path, lun]);
    else {
      const message = `there is no disk ${JSON.stringify(disk)}`;
      found.push({ path: [...path, lun], message, near: { word: disk, names: view.diskNames } });
    }
  }
  return [...disks.findings, ...found];
}

function chapsOf({ discovery, targets }: DocumentView): PlacedChap[] {
  const chaps = [{ chap: discovery?.chap, path: ['discovery', 'chap'] as Path }];
  for (const { index, value } of targets) {
    const path = ['targets', index] as const;
    chaps.push({ chap: value.chap, path: [...path, 'chap'] });
    const access = value.access === 'any' ? [] : (value.access ?? []);
    for (const [i, { chap }] of access.entries()) {
      chaps.push({ chap, path: [...path, 'access', i, 'chap'] });
    }
  }
  return chaps.flatMap(({ chap, path }) => (chap === undefined ? [] : [{ chap, path }]));
}

/** Finds duplicates. */
class Unique {
  readonly findings: Finding[] = [];
  readonly #seen = new Set<string>();

  add(text: string | undefined, path: Path): void {
    if (text === undefined) return;
    if (!this.#seen.has(text)) this.#seen.add(text);
    else this.findings.push({ path, message: `${text} is used already` });
  }
}
