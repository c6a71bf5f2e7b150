import type { AccessEntry, ClusterDocument, LunMapEntry } from './document.ts';

/** The document with a disk under another name, in its LUN maps too. */
export function renameDisk(document: ClusterDocument, from: string, to: string): ClusterDocument {
  const renamed = (name: string) => (name === from ? to : name);
  const disks = document.disks.map((disk) => ({ ...disk, name: renamed(disk.name) }));
  return { ...document, disks, targets: mapTargets(document, renamed) };
}

/** The document without a disk in its LUN maps. */
export function unmapDisk(document: ClusterDocument, name: string): ClusterDocument {
  const kept = (disk: string) => (disk === name ? undefined : disk);
  return { ...document, targets: mapTargets(document, kept) };
}

/** The document with a disk in the LUN maps that had it before, where its LUNs are free now. */
export function remapDisk(
  document: ClusterDocument,
  before: ClusterDocument,
  names: { readonly before: string; readonly now: string },
): ClusterDocument {
  const remapped = (now: LunMapEntry, then: LunMapEntry = {}): LunMapEntry => {
    const had = Object.entries(then).filter(([, disk]) => disk === names.before);
    return { ...Object.fromEntries(had.map(([lun]) => [lun, names.now])), ...now };
  };
  const targets = document.targets.map((target) => {
    const then = before.targets.find(({ iqn }) => iqn === target.iqn);
    const entries = then === undefined || then.access === 'any' ? [] : then.access;
    const remappedEntry = (entry: AccessEntry): AccessEntry => {
      const { luns } = entries.find(({ initiator }) => initiator === entry.initiator) ?? {};
      return entry.luns === undefined ? entry : { ...entry, luns: remapped(entry.luns, luns) };
    };
    const access = target.access === 'any' ? target.access : target.access.map(remappedEntry);
    return { ...target, luns: remapped(target.luns, then?.luns), access };
  });
  return { ...document, targets };
}

/** The names of the disks that are in a LUN map. */
export function mappedDisks(document: ClusterDocument): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { luns, access } of document.targets) {
    for (const disk of Object.values(luns)) names.add(disk);
    for (const entry of access === 'any' ? [] : access) {
      for (const disk of Object.values(entry.luns ?? {})) names.add(disk);
    }
  }
  return names;
}

function mapTargets(
  { targets }: ClusterDocument,
  change: (disk: string) => string | undefined,
): ClusterDocument['targets'] {
  const changeMap = (luns: LunMapEntry): LunMapEntry =>
    Object.fromEntries(
      Object.entries(luns).flatMap(([lun, disk]) => {
        const next = change(disk);
        return next === undefined ? [] : [[lun, next]];
      }),
    );
  const changeEntry = (entry: AccessEntry): AccessEntry =>
    entry.luns === undefined ? entry : { ...entry, luns: changeMap(entry.luns) };
  return targets.map((target) => ({
    ...target,
    luns: changeMap(target.luns),
    access: target.access === 'any' ? 'any' : target.access.map(changeEntry),
  }));
}
