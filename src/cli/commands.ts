import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { cephCommands } from './commands/ceph.ts';
import { diskCommands } from './commands/disk.ts';
import { documentCommands } from './commands/document.ts';
import { serveCommands } from './commands/serve.ts';
import { unitCommands } from './commands/units.ts';
import { STORE_OPTIONS } from './store-options.ts';

/** Every command, in the order of the manual. */
export const commands: readonly CommandSpec[] = [
  ...serveCommands,
  ...diskCommands,
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

/** What the commands of two words have in common. */
export const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  disk: 'Manage disks.',
  ceph: 'Prepare a Ceph cluster.',
  reset: 'Reset logical units.',
};
