import type { CommandSpec } from '../command-spec.ts';
import { blockLengthValue, cephNameValue, sizeValue, textValue } from '../option-values.ts';

const NAME = { name: 'name', description: 'Name of the disk.', parse: textValue };

export const diskCommands: readonly CommandSpec[] = [
  {
    path: ['disk', 'create'],
    summary: 'Make a disk and write it into the document.',
    detail:
      'Refused when the store has a volume of that name already: "disk import" serves that ' +
      'again, "disk delete" deletes it.',
    arguments: [NAME, { name: 'size', description: 'Like 512M, 1G, 10T.', parse: sizeValue }],
    options: [
      {
        flags: '--blocks <bytes>',
        description: 'Length of a logical block: 512 or 4096.',
        default: '512',
        parse: blockLengthValue,
      },
      { flags: '--writethrough', description: 'Every acknowledged write is durable (WCE 0).' },
      { flags: '--read-only', description: 'Refuse writes.' },
      {
        flags: '--data-pool <pool>',
        description: 'With --ceph: the pool of its data, an erasure-coded one say.',
        parse: cephNameValue,
      },
      {
        flags: '--object-size <size>',
        description: 'With --ceph: size of its objects, a power of two from 4K to 32M; else 4M.',
        parse: sizeValue,
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskCreate,
  },
  {
    path: ['disk', 'import'],
    summary: 'Serve a volume that is there already: an RBD image, or what a document left behind.',
    detail:
      'A volume that says which disk it was becomes that disk again, with the WWN and serial ' +
      'number that initiators know; any other one becomes a new disk.',
    arguments: [NAME],
    options: [
      {
        flags: '--blocks <bytes>',
        description: 'Length of a logical block: 512 or 4096.',
        default: '512',
        parse: blockLengthValue,
      },
      { flags: '--read-only', description: 'Refuse writes.' },
      {
        flags: '--fix',
        description: 'Disable image features and caching that allow only a single writer.',
      },
      {
        flags: '--replace',
        description:
          'Where the document has a disk of that name whose data are in another volume: serve ' +
          'this one in its place, under the identity of that disk.',
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/disk-import.ts')).runDiskImport,
  },
  {
    path: ['disk', 'list'],
    summary: 'List disks, and volumes that no disk of the document has.',
    needsStore: true,
    load: async () => (await import('../runs/disk-list.ts')).runDiskList,
  },
  {
    path: ['disk', 'resize'],
    summary: 'Change the size of a disk while it is served.',
    arguments: [NAME, { name: 'size', description: 'The new size.', parse: sizeValue }],
    options: [{ flags: '--shrink', description: 'Allow a smaller size: data beyond it are lost.' }],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskResize,
  },
  {
    path: ['disk', 'rename'],
    summary: 'Give a disk another name, in LUN maps too, while it is served.',
    detail:
      'A name is a label: initiators know a disk by its WWN and serial number, which stay. Its ' +
      'volume (on Ceph its image) keeps its name; the document says which it is.',
    arguments: [NAME, { name: 'new-name', description: 'The new name.', parse: textValue }],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskRename,
  },
  {
    path: ['disk', 'delete'],
    summary: 'Delete a disk and its data, or a volume that no disk has.',
    detail:
      'Refused while a LUN map has it. Until its data are gone it stays in the document: a ' +
      'deletion that was interrupted is finished by the same command.',
    arguments: [NAME],
    options: [
      { flags: '--force', description: 'Take it out of all LUN maps, whoever is logged in.' },
    ],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskDelete,
  },
];
