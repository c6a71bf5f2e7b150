import { Failure } from '../../base/failure.ts';
import type { ClusterDocument, DiskDraft, DocumentDraft } from '../../config/document.ts';
import { formatSize } from '../../config/size.ts';
import { applyDocument } from '../../gateway/apply.ts';
import { readDocument } from '../../gateway/document-record.ts';
import type { VolumeLayout } from '../../volume/volume.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { addDisk, diskDraft } from '../disk-draft.ts';
import { print, printJson, table } from '../output.ts';
import { storeOf } from '../store-options.ts';
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
  return await withStore({ location: storeOf(call), create: true }, async (_, context) => {
    const made = await addDisk(context, draft);
    if (call.json) printJson(made);
    else print(`${made.name}: ${formatSize(made.size)}, ${made.wwn}`);
    return ExitCode.ok;
  });
}

export async function runDiskList(call: CliCall): Promise<number> {
  return await withStore({ location: storeOf(call), create: false, reads: true }, async (store) => {
    const current = await readDocument(store.records);
    const disks = current?.document.disks ?? [];
    const named = new Set(disks.map(({ name }) => name));
    const volumes = await store.volumes.list();
    const orphans = volumes.filter(({ name }) => !named.has(name));
    const layouts = new Map(volumes.map(({ name, layout }) => [name, layout]));
    if (call.json) {
      // What the document leaves open is said as the store has it.
      const laid = disks.map((disk) => ({ ...layoutKeys(layouts.get(disk.name)), ...disk }));
      printJson({ store: store.location, disks: laid, orphans });
      return ExitCode.ok;
    }
    const hasPools = volumes.some(({ layout }) => layout?.dataPool !== undefined);
    const poolOf = (name: string) => (hasPools ? [layouts.get(name)?.dataPool ?? '-'] : []);
    const row = (name: string, bytes: number, ...cells: readonly string[]) => {
      return [name, formatSize(bytes), ...poolOf(name), ...cells];
    };
    const rows = [
      ...disks.map((d) => row(d.name, d.size, String(d.blockLength), d.wwn, d.serial)),
      ...orphans.map(({ name, sizeBytes }) => row(name, sizeBytes, '-', 'not served')),
    ];
    const pools = hasPools ? ['DATA POOL'] : [];
    print(table(['NAME', 'SIZE', ...pools, 'BLOCKS', 'WWN', 'SERIAL'], rows));
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
  return await withStore({ location: storeOf(call), create: false }, async (_, context) => {
    const { version } = await applyDocument({ ...context, mayShrink }, (current) => {
      const disk = findDisk(current, name);
      if (size % disk.blockLength !== 0) {
        throw new UsageError(`${size} is no multiple of the block length ${disk.blockLength}`);
      }
      return withDisks(current!, (each) => [each.name === name ? { ...each, size } : each]);
    });
    if (call.json) printJson({ name, size, version });
    else print(`${name}: ${formatSize(size)}`);
    return ExitCode.ok;
  });
}

export async function runDiskDelete(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  return await withStore({ location: storeOf(call), create: false }, async (store, context) => {
    const current = await readDocument(store.records);
    const isNamed = current?.document.disks.some((disk) => disk.name === name) === true;
    if (isNamed) {
      await applyDocument(context, (latest) => {
        refuseMapped(latest!, name);
        return withDisks(latest!, (each) => (each.name === name ? [] : [each]));
      });
    }
    // No gateway serves it any more: what is left is the volume.
    const volumes = await store.volumes.list();
    if (volumes.some((volume) => volume.name === name)) await store.volumes.delete(name);
    else if (!isNamed) throw new Failure('diskNotFound', `there is no disk ${name}`);
    if (call.json) printJson({ name, deleted: true });
    else print(`${name}: deleted`);
    return ExitCode.ok;
  });
}

function refuseMapped(document: ClusterDocument, name: string): void {
  const users = document.targets.filter(({ luns, access }) => {
    const entries = access === 'any' ? [] : access;
    const maps = [luns, ...entries.map((entry) => entry.luns ?? {})];
    return maps.some((map) => Object.values(map).includes(name));
  });
  if (users.length === 0) return;
  const targets = users.map(({ iqn }) => iqn).join(', ');
  throw new Failure('diskInUse', `disk ${name} is in the LUN map of ${targets}`);
}

function findDisk(document: ClusterDocument | undefined, name: string): DiskDraft {
  const disk = document?.disks.find((each) => each.name === name);
  if (disk === undefined) throw new Failure('diskNotFound', `there is no disk ${name}`);
  return disk;
}

function withDisks(
  document: ClusterDocument,
  change: (disk: DiskDraft) => readonly DiskDraft[],
): DocumentDraft {
  return { ...document, disks: document.disks.flatMap(change) };
}
