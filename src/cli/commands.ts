import type { CommandSpec } from './command-spec.ts';
import { diskCommands } from './commands/disk.ts';
import { documentCommands } from './commands/document.ts';
import { serveCommands } from './commands/serve.ts';

/** Every command, in the order of the manual. */
export const commands: readonly CommandSpec[] = [
  ...serveCommands,
  ...diskCommands,
  ...documentCommands,
];

export const PROGRAM_SUMMARY = 'A clustered, active/active SCSI target.';

/** Options that every command takes. */
export const GLOBAL_OPTIONS = [
  { flags: '--store <dir>', description: 'Folder of the store.' },
  { flags: '--json', description: 'Answer in JSON: one value, or one a line where it goes on.' },
] as const;

/** What the commands of two words have in common. */
export const GROUP_SUMMARIES: Readonly<Record<string, string>> = { disk: 'Work on disks.' };
