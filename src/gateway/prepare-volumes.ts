import { Failure } from '../base/failure.ts';
import type { DocumentDiff } from '../config/diff.ts';
import type { Disk } from '../config/document.ts';
import { formatSize } from '../config/size.ts';
import type { VolumeEntry, VolumeLayout, VolumeStore } from '../volume/volume.ts';
import { NO_LAYOUTS } from '../volume/volume-layout.ts';

/**
 * Makes and grows the volumes of a document that is to come. `Failure('applyRefused')`, with
 * nothing done, for what is there already and is not what a disk says, or cannot be made so.
 */
export async function prepareVolumes(volumes: VolumeStore, diff: DocumentDiff): Promise<void> {
  const entries = new Map<string, VolumeEntry>();
  for (const entry of await volumes.list()) entries.set(entry.name, entry);
  const misfits = diff.createDisks.flatMap(({ name, size }) => {
    const found = entries.get(name)?.sizeBytes ?? size;
    if (found === size) return [];
    return [`disk ${name} has data of ${formatSize(found)} already, not of ${formatSize(size)}`];
  });
  for (const disk of [...diff.createDisks, ...diff.layoutDisks]) {
    misfits.push(...(await layoutMisfits(volumes, disk, entries.get(disk.name))));
  }
  if (misfits.length > 0) {
    throw new Failure('applyRefused', misfits.join('\n'), { refusals: misfits });
  }
  for (const disk of diff.createDisks) {
    if (entries.has(disk.name)) await volumes.prepare?.(disk.name, false);
    else await volumes.create(disk.name, disk.size, layoutOf(disk));
  }
  for (const { disk } of diff.resizeDisks) {
    const isGrown = entries.get(disk.name)?.sizeBytes === disk.size;
    if (!isGrown) await volumes.resize(disk.name, disk.size);
  }
}

function layoutOf({ dataPool, objectSize: objectSizeBytes }: Disk): VolumeLayout {
  return {
    ...(dataPool === undefined ? {} : { dataPool }),
    ...(objectSizeBytes === undefined ? {} : { objectSizeBytes }),
  };
}

/** What the document leaves open fits everything. */
async function layoutMisfits(
  volumes: VolumeStore,
  disk: Disk,
  found: VolumeEntry | undefined,
): Promise<readonly string[]> {
  const { name, dataPool, objectSize } = disk;
  if (dataPool === undefined && objectSize === undefined) return [];
  if (volumes.judgeLayout === undefined) return [`disk ${name}: ${NO_LAYOUTS}`];
  if (found === undefined) {
    const reason = await volumes.judgeLayout(layoutOf(disk));
    return reason === undefined ? [] : [`disk ${name}: ${reason}`];
  }
  const { dataPool: pool, objectSizeBytes = 0 } = found.layout ?? {};
  const misfits: string[] = [];
  if (dataPool !== undefined && dataPool !== pool) {
    const where = pool === undefined ? 'no data pool' : `the data pool ${pool}`;
    misfits.push(`disk ${name}: its image has ${where}, not ${dataPool}; that cannot change`);
  }
  if (objectSize !== undefined && objectSize !== objectSizeBytes) {
    const sizes = `${formatSize(objectSizeBytes)}, not of ${formatSize(objectSize)}`;
    misfits.push(`disk ${name}: its image has objects of ${sizes}; that cannot change`);
  }
  return misfits;
}
