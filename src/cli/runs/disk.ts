import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import { renameDisk } from '../../config/disk-names.ts';
import type { ClusterDocument, DiskDraft, DocumentDraft } from '../../config/document.ts';
import { formatSize } from '../../config/size.ts';
import { deleteDisk } from '../../control/disks/delete-disk.ts';
import { applyDocument } from '../../control/document/apply.ts';
import { readDocument } from '../../control/document/document-record.ts';
import { VolumeEntries } from '../../control/volume-entries.ts';
import type { VolumeEntry, VolumeLayout } from '../../volume/volume.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { addDisk, diskDraft } from '../disk-draft.ts';
import { print, printJson, progressOf, table } from '../output.ts';
import { withStore } from '../tool-store.ts';
import { UsageError } from '../usage-error.ts';

export async function runDiskCreate(call: CliCall): Promise<number> {
  const [name, size] = call.arguments;
  const blockLength = call.options['blocks'];
  const writethrough = call.options['writethrough'] === true;
  const readOnly = call.options['readOnly'] === true;
  const { dataPool, objectSize } = call.options;
  const traits = { blockLength, writethrough, readOnly, dataPool, objectSize };
  const draft = diskDraft({ name, size, ...traits });
  return await withStore(call, { ifAbsent: 'make' }, async (_, context) => {
    const made = await addDisk({ ...context, mayAdopt: false }, draft);
    if (call.json) printJson(made);
    else print(`${made.name}: ${formatSize(made.size)}, ${made.wwn}`);
    return ExitCode.ok;
  });
}

export async function runDiskList(call: CliCall): Promise<number> {
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (store) => {
    const current = await readDocument(store.records);
    const disks = current?.document.disks ?? [];
    const volumes = await store.volumes.list();
    const entries = new VolumeEntries(volumes);
    const own = new Map(disks.map((disk) => [disk.uuid, entries.of(disk)]));
    const named = new Set(own.values());
    const orphans = volumes.filter((volume) => !named.has(volume));
    if (call.json) {
      // What the document leaves open is said as the store has it.
      const laid = disks.map((disk) => ({ ...layoutKeys(own.get(disk.uuid)?.layout), ...disk }));
      printJson({ store: store.location, disks: laid, orphans });
      return ExitCode.ok;
    }
    const hasPools = volumes.some(({ layout }) => layout?.dataPool !== undefined);
    const hasNames = disks.some(({ name, uuid }) => (own.get(uuid)?.name ?? name) !== name);
    type Volume = VolumeEntry | undefined;
    const row = (name: string, volume: Volume, bytes: number, ...cells: readonly string[]) => {
      const called = hasNames ? [volume?.name ?? '-'] : [];
      const pools = hasPools ? [volume?.layout?.dataPool ?? '-'] : [];
      return [name, ...called, formatSize(bytes), ...pools, ...cells];
    };
    const rows = [
      ...disks.map(({ name, size, blockLength, wwn, serial, uuid, deleting }) => {
        const said = deleting === true ? ['being deleted'] : [wwn, serial];
        return row(name, own.get(uuid), size, String(blockLength), ...said);
      }),
      ...orphans.map((each) => row(each.name, each, each.sizeBytes, '-', 'not served')),
    ];
    const [called, pools] = [hasNames ? ['VOLUME'] : [], hasPools ? ['DATA POOL'] : []];
    print(table(['NAME', ...called, 'SIZE', ...pools, 'BLOCKS', 'WWN', 'SERIAL'], rows));
    return ExitCode.ok;
  });
}

/** By the names of the document. */
function layoutKeys({ dataPool, objectSizeBytes }: VolumeLayout = {}): object {
  return {
    ...(dataPool === undefined ? {} : { dataPool }),
    ...(objectSizeBytes === undefined ? {} : { objectSize: objectSizeBytes }),
  };
}

export async function runDiskResize(call: CliCall): Promise<number> {
  const [name, size] = call.arguments as [string, number];
  const mayShrink = call.options['shrink'] === true;
  return await withStore(call, { ifAbsent: 'refuse' }, async (_, context) => {
    const { version } = await applyDocument({ ...context, mayShrink, resized: name }, (current) => {
      const disk = findDisk(current, name);
      if (size % disk.blockLength !== 0) {
        throw new UsageError(`<size> must be a multiple of the block length ${disk.blockLength}`);
      }
      return withDisks(current!, (each) => [each.name === name ? { ...each, size } : each]);
    });
    if (call.json) printJson({ name, size, version });
    else print(`${name}: ${formatSize(size)}`);
    return ExitCode.ok;
  });
}

/** Gives a disk another name, in LUN maps too; its initiators see nothing of it. */
export async function runDiskRename(call: CliCall): Promise<number> {
  const [name, to] = call.arguments as [string, string];
  return await withStore(call, { ifAbsent: 'refuse' }, async (_, context) => {
    const { version } = await applyDocument(context, (current) => {
      findDisk(current, name);
      const { disk } = diskDraft({ name: to, size: 512 });
      if (current!.disks.some((each) => each.name === to)) {
        throw new Failure('diskExists', `there is a disk ${to} already`);
      }
      return renameDisk(current!, name, disk.name);
    });
    if (call.json) printJson({ name: to, version });
    else print(`${to}: renamed from ${name}`);
    return ExitCode.ok;
  });
}

export async function runDiskDelete(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  const force = call.options['force'] === true;
  const onProgress = progressOf(`${name}: data deleted`, call.json);
  return await withStore(call, { ifAbsent: 'refuse' }, async (_, context) => {
    await deleteDisk(context, { name, force, onProgress });
    if (call.json) printJson({ name, deleted: true });
    else print(`${name}: deleted`);
    return ExitCode.ok;
  });
}

function findDisk(document: ClusterDocument | undefined, name: string): DiskDraft {
  const disk = document?.disks.find((each) => each.name === name);
  if (disk !== undefined) return disk;
  const names = document?.disks.map((each) => each.name) ?? [];
  throw new Failure('diskNotFound', `there is no disk ${name}${didYouMean(name, names)}`, { name });
}

function withDisks(
  document: ClusterDocument,
  change: (disk: DiskDraft) => readonly DiskDraft[],
): DocumentDraft {
  return { ...document, disks: document.disks.flatMap(change) };
}
