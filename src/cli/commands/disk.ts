import type { CommandSpec } from '../command-spec.ts';
import { blockLengthValue, cephNameValue, sizeValue, textValue } from '../option-values.ts';

const NAME = { name: 'name', description: 'Name of the disk.', parse: textValue };

export const diskCommands: readonly CommandSpec[] = [
  {
    path: ['disk', 'create'],
    summary: 'Create a disk and add it to the document.',
    detail:
      'Refused if the store already has a volume of that name: "disk import" serves it ' +
      'again, "disk delete" deletes it.',
    arguments: [
      NAME,
      { name: 'size', description: 'Size, such as 512M, 1G or 10T.', parse: sizeValue },
    ],
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
        description: 'With --ceph: the pool for its data, for example an erasure-coded one.',
        parse: cephNameValue,
      },
      {
        flags: '--object-size <size>',
        description: 'With --ceph: size of its objects, a power of two from 4K to 32M; default 4M.',
        parse: sizeValue,
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskCreate,
  },
  {
    path: ['disk', 'import'],
    summary: 'Serve an existing volume: an RBD image, or a volume that no disk uses.',
    detail:
      'A volume that records its disk becomes that disk again, with the WWN and serial ' +
      'number that initiators know; any other volume becomes a new disk.',
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
          'If the document has a disk of that name with its data in another volume: serve ' +
          'this volume instead, under the identity of that disk.',
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/disk-import.ts')).runDiskImport,
  },
  {
    path: ['disk', 'list'],
    summary: 'List disks, and volumes that no disk of the document uses.',
    needsStore: true,
    load: async () => (await import('../runs/disk-list.ts')).runDiskList,
  },
  {
    path: ['disk', 'resize'],
    summary: 'Change the size of a disk while it is served.',
    arguments: [NAME, { name: 'size', description: 'The new size.', parse: sizeValue }],
    options: [{ flags: '--shrink', description: 'Allow a smaller size; data beyond it is lost.' }],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskResize,
  },
  {
    path: ['disk', 'rename'],
    summary: 'Rename a disk, also in LUN maps, while it is served.',
    detail:
      'The name is a label: initiators know a disk by its WWN and serial number, which stay. Its ' +
      'volume (on Ceph, its image) keeps its name; the document records it.',
    arguments: [NAME, { name: 'new-name', description: 'The new name.', parse: textValue }],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskRename,
  },
  {
    path: ['disk', 'forget-state'],
    summary: 'Delete the record of a logical unit that cannot be read, so that it is served again.',
    detail:
      'The record keeps reservations and mode parameters, which are lost; the data of the disk ' +
      'stay. Refused if the record can be read, if a later release wrote it, or while a gateway ' +
      'may be serving the disk.',
    arguments: [NAME],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskForgetState,
  },
  {
    path: ['disk', 'delete'],
    summary: 'Delete a disk and its data, or a volume that no disk uses.',
    detail:
      'Refused while a LUN map contains it. It stays in the document until its data is gone: an ' +
      'interrupted deletion is finished by the same command.',
    arguments: [NAME],
    options: [
      {
        flags: '--force',
        description: 'Remove it from all LUN maps, even if initiators are logged in.',
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/disk.ts')).runDiskDelete,
  },
];
