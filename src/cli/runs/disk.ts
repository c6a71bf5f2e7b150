import { formatSize } from '../../config/size.ts';
import { createDisk } from '../../control/disks/create-disk.ts';
import { deleteDisk } from '../../control/disks/delete-disk.ts';
import { draftDisk } from '../../control/disks/disk-draft.ts';
import { renameDisk } from '../../control/disks/rename-disk.ts';
import { resizeDisk } from '../../control/disks/resize-disk.ts';
import { forgetState } from '../../control/units/forget-state.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

export async function runDiskCreate(call: CliCall): Promise<number> {
  const [name, size] = call.arguments as [string, number];
  const { options } = call;
  const draft = draftDisk({
    ...{ name, size },
    blockLength: Number(options['blocks']),
    writethrough: options['writethrough'] === true,
    readOnly: options['readOnly'] === true,
    dataPool: options['dataPool'] as string | undefined,
    objectSize: options['objectSize'] as number | undefined,
  });
  return await withStore(call, { ifAbsent: 'make' }, async (context) => {
    const disk = await createDisk(context, draft);
    if (call.json) printJson(disk);
    else print(`${disk.name}: ${formatSize(disk.size)}, ${disk.wwn}`);
    return ExitCode.ok;
  });
}

export async function runDiskResize(call: CliCall): Promise<number> {
  const [name, size] = call.arguments as [string, number];
  const mayShrink = call.options['shrink'] === true;
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    const { version } = await resizeDisk(context, { name, sizeBytes: size, mayShrink });
    if (call.json) printJson({ name, size, version });
    else print(`${name}: ${formatSize(size)}`);
    return ExitCode.ok;
  });
}

export async function runDiskRename(call: CliCall): Promise<number> {
  const [name, newName] = call.arguments as [string, string];
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    const { version } = await renameDisk(context, { name, newName });
    if (call.json) printJson({ name: newName, version });
    else print(`${newName}: renamed from ${name}`);
    return ExitCode.ok;
  });
}

export async function runDiskForgetState(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    await forgetState(context, name);
    if (call.json) printJson({ name, stateForgotten: true });
    else print(`${name}: its state is deleted; gateways serve it again within seconds`);
    return ExitCode.ok;
  });
}

export async function runDiskDelete(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  const force = call.options['force'] === true;
  return await withStore(call, { ifAbsent: 'refuse' }, async (context) => {
    await deleteDisk(context, { name, force });
    if (call.json) printJson({ name, deleted: true });
    else print(`${name}: deleted`);
    return ExitCode.ok;
  });
}
