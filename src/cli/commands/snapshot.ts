import type { CommandSpec } from '../command-spec.ts';
import { cloneSourceValue, mapPlaceValue, snapshotValue, textValue } from '../option-values.ts';

const SNAPSHOT = {
  name: 'snapshot',
  description: 'DISK@NAME: the disk, and a name for the snapshot by the rule for names of disks.',
  parse: snapshotValue,
};

export const snapshotCommands: readonly CommandSpec[] = [
  {
    path: ['disk', 'snapshot', 'create'],
    summary: 'Make a snapshot of a disk, also while it is served.',
    detail:
      'Writes of all gateways are held for that moment: it has every write that was answered ' +
      'before, and none that came after. What initiators have in their own caches is not in it. ' +
      'The embedded store must be on a file system that shares blocks between files (XFS, Btrfs).',
    arguments: [SNAPSHOT],
    needsStore: true,
    load: async () => (await import('../runs/snapshot.ts')).runSnapshotCreate,
  },
  {
    path: ['disk', 'snapshot', 'list'],
    summary: 'List the snapshots of a disk.',
    arguments: [{ name: 'disk', description: 'Name of the disk.', parse: textValue }],
    needsStore: true,
    load: async () => (await import('../runs/snapshot.ts')).runSnapshotList,
  },
  {
    path: ['disk', 'snapshot', 'delete'],
    summary: 'Delete a snapshot, or what an interrupted command left of one.',
    detail: 'Clones that were made of it keep their data.',
    arguments: [{ ...SNAPSHOT, description: 'DISK@NAME: the disk, and the name of the snapshot.' }],
    needsStore: true,
    load: async () => (await import('../runs/snapshot.ts')).runSnapshotDelete,
  },
  {
    path: ['disk', 'clone'],
    summary: 'Make a disk with the data of another one, or of its snapshot.',
    detail:
      'The clone has an identity of its own and takes writes; both share the space of what ' +
      'neither has written since. Without a snapshot it has the data of this moment, also while ' +
      'the disk is served.',
    arguments: [
      {
        name: 'source',
        description: 'DISK, or DISK@NAME of a snapshot.',
        parse: cloneSourceValue,
      },
      { name: 'name', description: 'Name of the clone.', parse: textValue },
    ],
    options: [
      {
        flags: '--map <target:lun>',
        description: 'Put the clone into the LUN map of that target at once.',
        parse: mapPlaceValue,
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/snapshot.ts')).runDiskClone,
  },
];
