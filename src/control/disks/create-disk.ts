import { assert } from '../../base/assert.ts';
import type { Disk, DiskDraft } from '../../config/document.ts';
import { emptyDocument } from '../../config/empty-document.ts';
import type { ControlContext } from '../control-context.ts';
import { changeDocument } from '../document/change-document.ts';
import { requireFreeName } from './document-disks.ts';

/**
 * Makes a disk and writes it into the document; resolves with the disk as the document has it.
 * Rejects with `diskExists`, or with `applyRefused` if the store has a volume of that name.
 */
export async function createDisk(context: ControlContext, draft: DiskDraft): Promise<Disk> {
  const { name } = draft;
  const { document } = await changeDocument(
    context,
    (latest) => {
      const current = latest ?? emptyDocument();
      requireFreeName(current, name);
      return { ...current, disks: [...current.disks, draft] };
    },
    { mayAdopt: false },
  );
  const disk = document.disks.find((each) => each.name === name);
  assert(disk !== undefined, 'a disk that was made is in the document');
  return disk;
}
