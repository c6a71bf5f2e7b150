import { assert } from '../../base/assert.ts';
import { renameDisk as renamed } from '../../config/disk-names.ts';
import type { ControlContext } from '../control-context.ts';
import { changeDocument } from '../document/change-document.ts';
import { draftDisk } from './disk-draft.ts';
import { requireDisk, requireFreeName } from './document-disks.ts';

interface RenameRequest {
  readonly name: string;
  readonly newName: string;
}

/** Of any disk that has only a name. */
const SIZE_BYTES = 512;

/**
 * Gives a disk another name, in LUN maps too; its initiators notice nothing. Resolves with the
 * version of the document that has it. Rejects with `diskNotFound`, `diskInvalid` or `diskExists`.
 */
export async function renameDisk(
  context: ControlContext,
  { name, newName }: RenameRequest,
): Promise<{ readonly version: number }> {
  const { version } = await changeDocument(context, (current) => {
    requireDisk(current, name);
    draftDisk({ name: newName, size: SIZE_BYTES });
    requireFreeName(current!, newName);
    const next = renamed(current!, name, newName);
    assert(next.disks.length === current!.disks.length, 'a new name makes no disk, and drops none');
    return next;
  });
  return { version };
}
