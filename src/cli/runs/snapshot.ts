import { formatSize } from '../../config/size.ts';
import { type CloneRequest, cloneDisk, type MapPlace } from '../../control/disks/clone-disk.ts';
import {
  createSnapshot,
  deleteSnapshot,
  listSnapshots,
  type SnapshotName,
} from '../../control/disks/disk-snapshots.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { localTime } from '../local-time.ts';
import { print, printJson, table } from '../output.ts';
import { withStore } from '../tool-store.ts';

export async function runSnapshotCreate(call: CliCall): Promise<number> {
  const [name] = call.arguments as [SnapshotName];
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    await createSnapshot(context, name);
    if (call.json) printJson(name);
    else print(`${name.disk}@${name.snapshot}: made`);
    return ExitCode.ok;
  });
}

export async function runSnapshotList(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const snapshots = await listSnapshots(context, name);
    const dated = snapshots.map(({ madeAtMs, ...rest }) => ({
      ...rest,
      madeAt: new Date(madeAtMs),
    }));
    if (call.json) printJson({ disk: name, snapshots: dated });
    else {
      const rows = dated.map(({ name: each, sizeBytes, madeAt, isIncomplete }) => [
        ...[each, formatSize(sizeBytes), localTime(madeAt)],
        ...(isIncomplete === true ? ['being made, or interrupted'] : []),
      ]);
      print(table(['NAME', 'SIZE', 'MADE'], rows));
    }
    return ExitCode.ok;
  });
}

export async function runSnapshotDelete(call: CliCall): Promise<number> {
  const [name] = call.arguments as [SnapshotName];
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    await deleteSnapshot(context, name);
    if (call.json) printJson({ ...name, deleted: true });
    else print(`${name.disk}@${name.snapshot}: deleted`);
    return ExitCode.ok;
  });
}

export async function runDiskClone(call: CliCall): Promise<number> {
  const [source, name] = call.arguments as [Pick<CloneRequest, 'disk' | 'snapshot'>, string];
  const map = call.options['map'] as MapPlace | undefined;
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    const disk = await cloneDisk(context, { ...source, name, map });
    if (call.json) printJson(disk);
    else print(`${disk.name}: ${formatSize(disk.size)}, ${disk.wwn}`);
    return ExitCode.ok;
  });
}
