import type { CommandSpec } from '../command-spec.ts';
import { textValue } from '../option-values.ts';

export const documentCommands: readonly CommandSpec[] = [
  {
    path: ['apply'],
    summary: 'Apply a document (YAML or JSON) to the cluster.',
    detail:
      'If the document has problems, all are listed with their lines and nothing is done (exit ' +
      'code 2). Ends when every running gateway serves the new version; disks that a gateway ' +
      'cannot serve are named (exit code 1). Never deletes data.\n' +
      'A document with "basedOn", which "get" writes, is refused if the cluster has changed ' +
      'since that version; the changes are listed.',
    arguments: [
      { name: 'file', description: 'The document; "-" for standard input.', parse: textValue },
    ],
    options: [
      { flags: '--dry-run', description: 'Print what would change, without changing anything.' },
      {
        flags: '--other-store',
        description: 'The document comes from another store: ignore the volume ids in it.',
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
