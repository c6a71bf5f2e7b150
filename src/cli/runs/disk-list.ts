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
        ...(volume?.snapshots === undefined ? {} : { snapshots: volume.snapshots }),
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
  const hasSnapshots = volumes.some(({ snapshots }) => snapshots !== undefined);
  const row = (name: string, volume: VolumeEntry | undefined, sizeBytes: number) => [
    name,
    ...(hasNames ? [volume?.name ?? '-'] : []),
    formatSize(sizeBytes),
    ...(hasPools ? [volume?.layout?.dataPool ?? '-'] : []),
    ...(hasSnapshots ? [String(volume?.snapshots ?? 0)] : []),
  ];
  const rows = [
    ...disks.map(({ disk, volume }) => [...row(disk.name, volume, disk.size), ...traitsOf(disk)]),
    ...orphans.map((each) => [...row(each.name, each, each.sizeBytes), '-', 'not served']),
  ];
  const [called, pools] = [hasNames ? ['VOLUME'] : [], hasPools ? ['DATA POOL'] : []];
  const snapshots = hasSnapshots ? ['SNAPSHOTS'] : [];
  const columns = ['NAME', ...called, 'SIZE', ...pools, ...snapshots, 'BLOCKS', 'WWN', 'SERIAL'];
  return table(columns, rows);
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
