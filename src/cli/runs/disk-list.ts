import type { Disk } from '../../config/document.ts';
import { formatSize } from '../../config/size.ts';
import { type DiskList, listDisks } from '../../control/disks/list-disks.ts';
import type { VolumeEntry, VolumeLayout } from '../../volume/volume.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson, table } from '../output.ts';
import { withStore } from '../tool-store.ts';

export async function runDiskList(call: CliCall): Promise<number> {
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const list = await listDisks(context);
    if (!call.json) print(diskTable(list));
    else {
      // Values that the document leaves open are shown as in the store.
      const disks = list.disks.map(({ disk, volume }) => ({
        ...layoutKeys(volume?.layout),
        ...disk,
      }));
      printJson({ store: call.store, disks, orphans: list.orphans });
    }
    return ExitCode.ok;
  });
}

/** Columns that say the same of every disk are left out. */
function diskTable({ disks, orphans }: DiskList): string {
  const volumes = [...disks.flatMap(({ volume }) => volume ?? []), ...orphans];
  const hasPools = volumes.some(({ layout }) => layout?.dataPool !== undefined);
  const hasNames = disks.some(({ disk, volume }) => (volume?.name ?? disk.name) !== disk.name);
  const row = (name: string, volume: VolumeEntry | undefined, sizeBytes: number) => [
    name,
    ...(hasNames ? [volume?.name ?? '-'] : []),
    formatSize(sizeBytes),
    ...(hasPools ? [volume?.layout?.dataPool ?? '-'] : []),
  ];
  const rows = [
    ...disks.map(({ disk, volume }) => [...row(disk.name, volume, disk.size), ...traitsOf(disk)]),
    ...orphans.map((each) => [...row(each.name, each, each.sizeBytes), '-', 'not served']),
  ];
  const [called, pools] = [hasNames ? ['VOLUME'] : [], hasPools ? ['DATA POOL'] : []];
  return table(['NAME', ...called, 'SIZE', ...pools, 'BLOCKS', 'WWN', 'SERIAL'], rows);
}

function traitsOf({ blockLength, wwn, serial, deleting }: Disk): readonly string[] {
  return [String(blockLength), ...(deleting === true ? ['being deleted'] : [wwn, serial])];
}

/** By the names of the document. */
function layoutKeys({ dataPool, objectSizeBytes }: VolumeLayout = {}): object {
  return {
    ...(dataPool === undefined ? {} : { dataPool }),
    ...(objectSizeBytes === undefined ? {} : { objectSize: objectSizeBytes }),
  };
}
