import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { volumeNameOf } from '../../config/disk-identity.ts';
import { mappedDisks, remapDisk, unmapDisk } from '../../config/disk-names.ts';
import type { ClusterDocument, Disk } from '../../config/document.ts';
import { removeUnitRecord } from '../../units/unit-records.ts';
import type { VolumeEntry } from '../../volume/volume.ts';
import { askGateways } from '../ask-gateways.ts';
import type { ControlContext } from '../control-context.ts';
import { awaitSwitch } from '../document/await-switch.ts';
import { changeDocument } from '../document/change-document.ts';
import { readDocument, writeDocument } from '../document/document-record.ts';
import { knownVolume, VolumeEntries } from '../volume-entries.ts';
import { diskNotFound } from './document-disks.ts';

interface DeleteRequest {
  readonly name: string;
  /** Remove the disk from LUN maps first, even if initiators are logged in. */
  readonly force: boolean;
}

/** How often the mark of a disk that stays is taken away, when others change the document. */
const UNMARK_ATTEMPTS_MAX = 5;

/**
 * Deletes a disk with its data, or a volume that no disk has. The disk is marked first, so that it
 * cannot be mapped; its data is deleted when no gateway has it open; then it leaves the document.
 * After an interruption it is still in the document, and the same call finishes the deletion.
 * Rejects with `diskNotFound`, `diskInUse`, or the reason why its data cannot be deleted: then
 * nothing is lost.
 */
export async function deleteDisk(context: ControlContext, request: DeleteRequest): Promise<void> {
  const { records, volumes } = context;
  const { name, force } = request;
  const current = (await readDocument(records))?.document;
  const disk = current?.disks.find((each) => each.name === name);
  if (current === undefined || disk === undefined) {
    const volume = await unownedVolume(context, current?.disks ?? [], name);
    await volumes.delete(volume.name, { id: volume.id, ...progressOf(context, name) });
    return;
  }
  if (!force) await refuseMapped(context, current, disk);
  try {
    const { document } = await changeDocument(context, (latest) => marked(latest!, disk, force));
    const now = document.disks.find(({ uuid }) => uuid === disk.uuid);
    assert(
      now === undefined || (now.deleting === true && !mappedDisks(document).has(now.name)),
      'data are deleted only of a disk that nobody can map',
    );
    await deleteVolume(context, disk);
  } catch (error) {
    // An earlier call may have deleted part of the data: such a disk is not given back.
    const isWhole = disk.deleting !== true && error instanceof Failure;
    if (isWhole && STAYS.includes(error.code)) await unmark(context, current, disk);
    throw error;
  }
  await removeUnitRecord(records, disk.uuid);
  await changeDocument(context, (latest) => without(latest!, disk));
}

/** Failures before anything of the data is gone. */
const STAYS: readonly string[] = [
  'applyRefused',
  'applyConflict',
  'applyIncomplete',
  'volumeInUse',
];

/** Others may have renamed the disk since it was looked up: its uuid says which it is. */
function marked(document: ClusterDocument, { uuid }: Disk, unmaps: boolean): ClusterDocument {
  const now = document.disks.find((each) => each.uuid === uuid);
  if (now === undefined) return document;
  const disks = document.disks.map((each): Disk => {
    return each === now ? { ...each, deleting: true } : each;
  });
  const next = { ...document, disks };
  return unmaps ? unmapDisk(next, now.name) : next;
}

/** Another deletion, which was refused, may have mapped the disk again. */
function without(document: ClusterDocument, { uuid }: Disk): ClusterDocument {
  const now = document.disks.find((each) => each.uuid === uuid);
  if (now === undefined) return document;
  const disks = document.disks.filter((each) => each !== now);
  return unmapDisk({ ...document, disks }, now.name);
}

async function deleteVolume(context: ControlContext, disk: Disk): Promise<void> {
  const options = { ...knownVolume(disk), ...progressOf(context, disk.name) };
  try {
    await context.volumes.delete(volumeNameOf(disk), options);
  } catch (error) {
    // An interrupted call has deleted the volume, or another volume has its name now.
    const isGone = ['volumeNotFound', 'volumeOfOtherDisk'];
    if (!(error instanceof Failure && isGone.includes(error.code))) throw error;
  }
}

/** Deleting an image takes as long as it has objects. */
function progressOf({ onEvent }: ControlContext, name: string) {
  if (onEvent === undefined) return {};
  return { onProgress: (percent: number) => onEvent({ kind: 'deletingData', name, percent }) };
}

/**
 * Makes the disk usable again, in the LUN maps that it had. The caller reports why it stays;
 * gateways that do not follow in time follow by themselves.
 */
async function unmark(context: ControlContext, before: ClusterDocument, disk: Disk): Promise<void> {
  const { records } = context;
  for (let attempt = 0; attempt < UNMARK_ATTEMPTS_MAX; attempt++) {
    const current = await readDocument(records);
    const marked = current?.document.disks.find(({ uuid }) => uuid === disk.uuid);
    // Another caller may have deleted it, or given it back, and changed LUN maps since.
    if (current === undefined || marked?.deleting !== true) return;
    const { deleting: _, ...usable } = marked;
    const disks = current.document.disks.map((each) => (each === marked ? usable : each));
    const names = { before: disk.name, now: marked.name };
    const document = remapDisk({ ...current.document, disks }, before, names);
    const version = await writeDocument(records, current.version, document);
    if (version === undefined) continue;
    await awaitSwitch(context, version).catch(() => {});
    return;
  }
}

/** A volume that a document left behind, or that was never in one. */
async function unownedVolume(
  { volumes }: ControlContext,
  disks: readonly Disk[],
  name: string,
): Promise<Pick<VolumeEntry, 'name' | 'id'>> {
  const listed = await volumes.list();
  const entries = new VolumeEntries(listed);
  assert(!disks.some((disk) => disk.name === name), 'a disk of the document goes another way');
  const volume = listed.find((each) => each.name === name);
  const owner = disks.find((disk) => volume !== undefined && entries.of(disk) === volume);
  if (owner !== undefined) {
    throw new Failure('diskInUse', `the volume ${name} belongs to disk ${owner.name}`, { name });
  }
  if (volume !== undefined) return volume;
  const names = [...disks, ...listed].map((each) => each.name);
  throw diskNotFound(name, names);
}

async function refuseMapped(
  { records }: ControlContext,
  document: ClusterDocument,
  { name }: Disk,
): Promise<void> {
  const without = unmapDisk(document, name);
  const users = document.targets.filter((target, i) => {
    return JSON.stringify(target) !== JSON.stringify(without.targets[i]);
  });
  if (users.length === 0) return;
  const targets = new Set(users.map(({ iqn }) => iqn));
  const { gateways } = await askGateways(records);
  const sessions = gateways
    .flatMap((gateway) => gateway.sessions)
    .filter(({ target }) => targets.has(target)).length;
  const count = sessions === 1 ? '1 session is' : `${sessions} sessions are`;
  const logged = sessions === 0 ? '' : `, where ${count} logged in`;
  throw new Failure(
    'diskInUse',
    `disk ${name} is in the LUN map of ${[...targets].join(', ')}${logged}: remove it there, or ` +
      'use --force',
    { name, targets: [...targets], sessions },
  );
}
