import type { CommandSpec } from '../command-spec.ts';
import { textValue } from '../option-values.ts';

export const documentCommands: readonly CommandSpec[] = [
  {
    path: ['apply'],
    summary: 'Make a document (YAML or JSON) that of the cluster.',
    detail:
      'Every problem of the document is listed, with its line; then nothing is done (exit code ' +
      '2). Ends when every gateway that runs serves the new version; disks that one of them ' +
      'cannot serve are named (exit code 1). Deletes no data.\n' +
      'A document with "basedOn", which "get" writes, is refused when the cluster has changed ' +
      'since that version, and the changes are listed.',
    arguments: [
      { name: 'file', description: 'The document; "-" for standard input.', parse: textValue },
    ],
    options: [
      { flags: '--dry-run', description: 'Say what would change, and change nothing.' },
      {
        flags: '--other-store',
        description: 'The document comes from another store: ids of volumes in it do not count.',
      },
      { flags: '--force', description: 'Replace changes that were made since "basedOn".' },
    ],
    needsStore: true,
    load: async () => (await import('../runs/document.ts')).runApply,
  },
  {
    path: ['get'],
    summary: 'Print the document of the cluster (YAML; JSON with --json).',
    options: [{ flags: '--secrets', description: 'Also print secrets.' }],
    needsStore: true,
    load: async () => (await import('../runs/document.ts')).runGet,
  },
];
