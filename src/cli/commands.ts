import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { cephCommands } from './commands/ceph.ts';
import { diskCommands } from './commands/disk.ts';
import { documentCommands } from './commands/document.ts';
import { serveCommands } from './commands/serve.ts';
import { snapshotCommands } from './commands/snapshot.ts';
import { unitCommands } from './commands/units.ts';
import { STORE_OPTIONS } from './store-options.ts';

/** Every command, in the order of the manual. */
export const commands: readonly CommandSpec[] = [
  ...serveCommands,
  ...diskCommands,
  ...snapshotCommands,
  ...unitCommands,
  ...documentCommands,
  ...cephCommands,
];

export const PROGRAM_SUMMARY = 'A clustered, active/active SCSI target.';

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  ...STORE_OPTIONS,
  {
    flags: '--json',
    description: 'Answer in JSON: one value, or one per line for continuous output.',
  },
];

/** What the commands have in common whose first words these are. */
export const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  disk: 'Manage disks.',
  'disk snapshot': 'Manage snapshots of disks.',
  ceph: 'Prepare a Ceph cluster.',
  reset: 'Reset logical units.',
};
