import type { CommandSpec } from '../command-spec.ts';
import { cephNameValue } from '../option-values.ts';

/** Pools that hold data of images; each is an option more. */
const DATA_POOLS_MAX = 16;

export const cephCommands: readonly CommandSpec[] = [
  {
    path: ['ceph', 'caps'],
    summary: 'Print the command that makes a user of Ceph with the least privileges.',
    detail:
      'Needs --pool; --user is "allpath" unless given, as for every command; --namespace narrows ' +
      'it to one. ' +
      'Asks no cluster and changes nothing: an administrator of the cluster runs what is printed.',
    options: [
      {
        flags: '--data-pools <pools>',
        description: 'Further pools, by commas, that hold data of images (erasure-coded ones).',
        parse: (text) => text.split(',', DATA_POOLS_MAX + 1).map(cephNameValue),
      },
      {
        flags: '--existing',
        description: 'Print the command for a user that is there: it replaces what it may do.',
      },
    ],
    needsStore: false,
    takesStore: false,
    load: async () => (await import('../runs/ceph.ts')).runCephCaps,
  },
];
