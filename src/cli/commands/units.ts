import type { CommandSpec, OptionSpec } from '../command-spec.ts';
import { textValue } from '../option-values.ts';

const FORCE: OptionSpec = { flags: '--force', description: 'Even if initiators are logged in.' };

export const unitCommands: readonly CommandSpec[] = [
  {
    path: ['reservations'],
    summary: 'Show persistent reservations, registrations, and RESERVE (SPC-2).',
    detail:
      'Shown as an initiator would read them now. They are read from the store, so no gateway ' +
      'needs to run. GATEWAY is where the nexus of a registration is logged in; "-": nowhere, or ' +
      'at a gateway that did not answer (exit code 1).',
    arguments: [
      {
        name: 'disk',
        description: 'Name of a disk; without it, every disk that has any of these.',
        parse: textValue,
        isOptional: true,
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/units.ts')).runReservations,
  },
  {
    path: ['reset', 'lu'],
    summary: 'Reset the logical unit of a disk, through every gateway at once.',
    detail:
      'Like LOGICAL UNIT RESET, it aborts the commands of all initiators, releases RESERVE ' +
      '(SPC-2), and restores saved mode parameters. Persistent reservations stay. Refused while ' +
      'initiators are logged in.',
    arguments: [{ name: 'disk', description: 'Name of the disk.', parse: textValue }],
    options: [FORCE],
    needsStore: true,
    load: async () => (await import('../runs/units.ts')).runResetUnit,
  },
  {
    path: ['reset', 'target'],
    summary: 'Reset every logical unit that a target has, through every gateway at once.',
    detail: 'Sessions stay logged in. Refused while initiators are logged in at the target.',
    arguments: [{ name: 'iqn', description: 'iSCSI name of the target.', parse: textValue }],
    options: [FORCE],
    needsStore: true,
    load: async () => (await import('../runs/units.ts')).runResetTarget,
  },
  {
    path: ['sessions'],
    summary: 'Show the sessions of initiators at all gateways.',
    detail:
      'Discovery sessions are not shown. Ends with exit code 1 if a gateway did not answer: its ' +
      'sessions are missing.',
    needsStore: true,
    load: async () => (await import('../runs/units.ts')).runSessions,
  },
];
