import { Failure } from '../../base/failure.ts';
import { formatSize } from '../../config/size.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { addDisk, diskDraft } from '../disk-draft.ts';
import { print, printJson } from '../output.ts';
import { storeOf } from '../store-options.ts';
import { withStore } from '../tool-store.ts';

/** Makes a disk of a volume that the store has and the document does not name. */
export async function runDiskImport(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  const blockLength = call.options['blocks'];
  const readOnly = call.options['readOnly'] === true;
  return await withStore({ location: storeOf(call), create: true }, async (store, context) => {
    const volume = (await store.volumes.list()).find((each) => each.name === name);
    if (volume === undefined) {
      throw new Failure('volumeNotFound', `the store has no volume ${name}`, { name });
    }
    const { dataPool, objectSizeBytes: objectSize } = volume.layout ?? {};
    const traits = { blockLength, readOnly, dataPool, objectSize };
    const draft = diskDraft({ name, size: volume.sizeBytes, ...traits });
    await store.volumes.prepare?.(name, call.options['fix'] === true);
    const made = await addDisk(context, draft);
    if (call.json) printJson(made);
    else print(`${made.name}: ${formatSize(made.size)}, ${made.wwn}`);
    return ExitCode.ok;
  });
}
