import { formatSize } from '../../config/size.ts';
import { importDisk } from '../../control/disks/import-disk.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { diskDraft } from '../disk-draft.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

/** Makes a disk of a volume that the store has and the document does not name. */
export async function runDiskImport(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  const blockLength = call.options['blocks'];
  const readOnly = call.options['readOnly'] === true;
  const traits = { name, blockLength, readOnly };
  const { empty } = diskDraft({ ...traits, size: blockLength });
  return await withStore(call, { ifAbsent: 'refuse' }, async (_, context) => {
    const { disk, isKnown } = await importDisk(context, {
      ...{ name, empty },
      draftOf: ({ sizeBytes: size, layout: { dataPool, objectSizeBytes: objectSize } = {} }) =>
        diskDraft({ ...traits, size, dataPool, objectSize }).disk,
      mend: call.options['fix'] === true,
      replace: call.options['replace'] === true,
    });
    if (call.json) printJson(disk);
    else {
      const identity = isKnown ? ', the identity that it had' : '';
      print(`${disk.name}: ${formatSize(disk.size)}, ${disk.wwn}${identity}`);
    }
    return ExitCode.ok;
  });
}
