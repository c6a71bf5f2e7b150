import type { Disk } from '../config/document.ts';
import type { UnitDescription } from '../scsi/unit-changes.ts';
import type { Volume } from '../volume/volume.ts';

/** What the document says of a disk, and its volume with it, as its initiators see it. */
export function unitDescription(disk: Disk, volume: Volume): UnitDescription {
  const { uuid, serial, wwn, vendor, product, revision, blockLength, readOnly } = disk;
  const naa = Uint8Array.from(Buffer.from(wwn.slice('naa.'.length), 'hex'));
  return {
    identity: { uuid, serial, naa, vendor, product, revision },
    blocks: Math.floor(volume.sizeBytes / blockLength),
    blockLengthBytes: blockLength,
    readOnly,
    volatileCache: volume.limits.volatileCache,
  };
}
