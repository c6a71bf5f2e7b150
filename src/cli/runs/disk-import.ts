import { formatSize } from '../../config/size.ts';
import { draftDisk } from '../../control/disks/disk-draft.ts';
import { importDisk } from '../../control/disks/import-disk.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

export async function runDiskImport(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  const blockLength = Number(call.options['blocks']);
  const readOnly = call.options['readOnly'] === true;
  const traits = { name, blockLength, readOnly };
  // A wrong name is refused before the store is opened.
  draftDisk({ ...traits, size: blockLength });
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    const { disk, isKnown } = await importDisk(context, {
      ...traits,
      repair: call.options['fix'] === true,
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
