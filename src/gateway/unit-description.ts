import { assert } from '../base/assert.ts';
import type { Disk } from '../config/document.ts';
import type { UnitDescription } from '../scsi/unit-changes.ts';
import type { Volume } from '../volume/volume.ts';

/** The description of a disk by the document and its volume, as its initiators see it. */
export function unitDescription(
  disk: Disk,
  volume: Volume,
  documentVersion: number,
): UnitDescription {
  const { uuid, serial, wwn, vendor, product, revision, blockLength, readOnly, size } = disk;
  const naa = Uint8Array.from(Buffer.from(wwn.slice('naa.'.length), 'hex'));
  assert(naa.length === 8 || naa.length === 16, 'a wwn of the document is an NAA designator');
  assert(volume.sizeBytes >= 0, 'a volume has a size');
  return {
    identity: { uuid, serial, naa, vendor, product, revision },
    blocks: Math.floor(volume.sizeBytes / blockLength),
    documentBlocks: Math.floor(size / blockLength),
    blockLengthBytes: blockLength,
    documentVersion,
    readOnly,
    volatileCache: volume.limits.volatileCache,
  };
}
