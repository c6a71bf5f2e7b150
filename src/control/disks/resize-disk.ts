import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import type { ClusterDocument } from '../../config/document.ts';
import type { ControlContext } from '../control-context.ts';
import { changeDocument } from '../document/change-document.ts';
import { readDocument } from '../document/document-record.ts';
import { diskNotFound, requireDisk } from './document-disks.ts';

interface ResizeRequest {
  readonly name: string;
  readonly sizeBytes: number;
  /** Allow a smaller size: data beyond it are lost. */
  readonly mayShrink: boolean;
}

/**
 * Changes the size of a disk while it is served; resolves with the version of the document that has
 * it. Rejects with `diskNotFound`, `diskInvalid` or `applyRefused`.
 */
export async function resizeDisk(
  context: ControlContext,
  { name, sizeBytes, mayShrink }: ResizeRequest,
): Promise<{ readonly version: number }> {
  // Others may rename the disk while its volume grows: its uuid says which it is.
  const { uuid } = requireDisk((await readDocument(context.records))?.document, name);
  const resized = (document: ClusterDocument | undefined): ClusterDocument => {
    const now = document?.disks.find((disk) => disk.uuid === uuid);
    if (now === undefined) throw diskNotFound(name, []);
    const { blockLength } = now;
    if (sizeBytes % blockLength !== 0) {
      const problem = `size: must be a multiple of the block length ${blockLength}`;
      throw new Failure('diskInvalid', problem, { problems: [problem] });
    }
    assert(sizeBytes > 0, 'a disk has a size');
    const disks = document!.disks.map((disk) => {
      return disk === now ? { ...disk, size: sizeBytes } : disk;
    });
    return { ...document!, disks };
  };
  const { version } = await changeDocument(context, resized, { mayShrink, resized: uuid });
  return { version };
}
