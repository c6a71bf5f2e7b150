import type { CommandSpec } from '../command-spec.ts';
import { cephNameValue } from '../option-values.ts';

/** Pools that hold data of images; each is an option more. */
const DATA_POOLS_MAX = 16;

export const cephCommands: readonly CommandSpec[] = [
  {
    path: ['ceph', 'caps'],
    summary: 'Print the command that creates a Ceph user with the least privileges.',
    detail:
      'Needs --pool. --user defaults to "allpath", as for every command. --namespace restricts ' +
      'the user to one namespace. ' +
      'Contacts no cluster and changes nothing: an administrator runs the printed command.',
    options: [
      {
        flags: '--data-pools <pools>',
        description: 'Comma-separated pools that also hold data of images (erasure-coded pools).',
        parse: (text) => text.split(',', DATA_POOLS_MAX + 1).map(cephNameValue),
      },
      {
        flags: '--existing',
        description:
          'Print the command for an existing user; it replaces the privileges of that user.',
      },
    ],
    needsStore: false,
    takesStore: false,
    load: async () => (await import('../runs/ceph.ts')).runCephCaps,
  },
];
