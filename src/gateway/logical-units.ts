import { type Clock, within } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { differences } from '../config/difference.ts';
import { volumeNameOf } from '../config/disk-identity.ts';
import { mappedDisks } from '../config/disk-names.ts';
import type { ClusterDocument, Disk } from '../config/document.ts';
import type { UnservedDisk } from '../control/channels.ts';
import { knownVolume } from '../control/volume-entries.ts';
import { LogicalUnit } from '../scsi/logical-unit.ts';
import type { Volume } from '../volume/volume.ts';
import type { Store } from './store.ts';

interface OpenDisk {
  readonly disk: Disk;
  readonly volume: Volume;
  readonly unit: LogicalUnit;
}

/** How many disks are opened at a time: each may take a thread and some round trips. */
const OPENING_MAX = 16;

/** One that takes longer leaves its place to the next: many silent disks delay a start as one does. */
const OPEN_SLOW_MS = 250;

/** A disk that does not open in this time is not waited for: the others are served without it. */
export const OPEN_WAIT_MAX_MS = 5_000;

/** How long a new size of the document is waited for to reach the open volume. */
export const SIZE_WAIT_MAX_MS = 2_000;

/** What a document comes to, before it is served. */
export interface PreparedUnits {
  /** By disk name. */
  readonly units: ReadonlyMap<string, LogicalUnit>;
  /** Every disk that a LUN map names is among them. */
  readonly whole: boolean;
  /** To call when the document is served: lets go of what is not needed any more. */
  readonly release: () => Promise<void>;
}

type VolumeOpener = Pick<Store, 'openVolume'>;

/**
 * The logical units of a gateway: one for each disk that a LUN map names, kept over documents. A
 * disk is its uuid here: its name may change, or go to another disk.
 */
export class LogicalUnits {
  readonly #store: VolumeOpener;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #onUnfenced: (disk: string) => void;
  #open = new Map<string, OpenDisk>();
  /** Prepared for a document that is not served yet, or never will be. */
  #prepared = new Map<string, OpenDisk>();
  /** What does not answer yet: an OSD may be silent. */
  readonly #opening = new Map<string, { disk: Disk; volume: Promise<Volume> }>();
  /** Disks that did not open at the last attempt, with the reason: told once, not at each. */
  readonly #failed = new Map<string, UnservedDisk>();

  /** `onUnfenced`: writes to that disk are stuck, and may land at any time. */
  constructor(
    store: VolumeOpener,
    log: Log,
    clock: Clock,
    onUnfenced: (disk: string) => void = () => {},
  ) {
    this.#onUnfenced = onUnfenced;
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Opens what the document needs and is not open, and resolves with its units by disk name. A disk
   * that does not open is left out and logged: the others are served. What was prepared for a
   * document that was not served in the end is let go of by the next call.
   */
  async prepare(document: ClusterDocument): Promise<PreparedUnits> {
    const unserved = [...this.#prepared.values()];
    this.#prepared = new Map();
    await letGo(unserved, [...this.#open.values()]);
    const next = new Map<string, OpenDisk>();
    this.#prepared = next;
    const mapped = mappedDisks(document);
    const wanted = document.disks.filter(({ name }) => mapped.has(name));
    const uuids = new Set(wanted.map(({ uuid }) => uuid));
    for (const uuid of this.#failed.keys()) if (!uuids.has(uuid)) this.#failed.delete(uuid);
    for (const uuid of this.#opening.keys()) if (!uuids.has(uuid)) this.#forget(uuid);
    for (const open of await this.#openDisks(wanted)) {
      if (open !== undefined) next.set(open.disk.uuid, open);
    }
    await Promise.all([...next.values()].map((open) => this.#sized(open)));
    const units = new Map([...next.values()].map(({ disk, unit }) => [disk.name, unit]));
    const release = async (): Promise<void> => {
      for (const { disk, unit } of next.values()) unit.rename(disk.name);
      const before = [...this.#open.values()];
      this.#open = next;
      this.#prepared = new Map();
      await letGo(before, [...next.values()]);
    };
    return { units, whole: next.size === wanted.length, release };
  }

  /** Disks that a LUN map names and that did not open, or that cannot be used as they are now. */
  get unserved(): readonly UnservedDisk[] {
    const unusable = [...this.#open.values()].flatMap(({ disk, volume }) => {
      const reason = volume.unservable;
      return reason === undefined ? [] : [{ disk: disk.name, reason }];
    });
    return [...this.#failed.values(), ...unusable].sort((a, b) => (a.disk < b.disk ? -1 : 1));
  }

  get servedCount(): number {
    return [...this.#open.values()].filter(({ volume }) => volume.unservable === undefined).length;
  }

  async close(): Promise<void> {
    const before = new Set([...this.#open.values(), ...this.#prepared.values()]);
    this.#open = new Map();
    this.#prepared = new Map();
    for (const uuid of this.#opening.keys()) this.#forget(uuid);
    await letGo([...before], []);
  }

  async #openDisks(wanted: readonly Disk[]): Promise<readonly (OpenDisk | undefined)[]> {
    const opening: Promise<OpenDisk | undefined>[] = [];
    const places = new Set<Promise<unknown>>();
    for (const disk of wanted) {
      const open = this.#openDisk(disk);
      opening.push(open);
      const place = within(this.#clock, OPEN_SLOW_MS, open).finally(() => places.delete(place));
      places.add(place);
      if (places.size >= OPENING_MAX) await Promise.race(places);
    }
    return await Promise.all(opening);
  }

  async #openDisk(disk: Disk): Promise<OpenDisk | undefined> {
    const { name, uuid } = disk;
    const known = this.#open.get(uuid);
    const keepsVolume = known !== undefined && isSameVolume(known.disk, disk);
    if (keepsVolume && isSameUnit(known.disk, disk)) return { ...known, disk };
    try {
      const volume = keepsVolume ? known.volume : await this.#openVolume(disk);
      if (this.#failed.delete(uuid)) this.#log.info('a disk opens again', { disk: name });
      return { disk, volume, unit: logicalUnit(disk, volume, this.#clock, this.#onUnfenced) };
    } catch (error) {
      const reason = error instanceof Failure ? error.message : String(error);
      if (this.#failed.get(uuid)?.reason !== reason) {
        this.#log.error('a disk cannot be opened and is not served', { disk: name, reason });
      }
      this.#failed.set(uuid, { disk: name, reason });
      return undefined;
    }
  }

  /** Waits for an answer the first time only: later attempts take what has come meanwhile. */
  async #openVolume(disk: Disk): Promise<Volume> {
    const { uuid, writethrough } = disk;
    const before = this.#opening.get(uuid);
    const earlier = before !== undefined && isSameVolume(before.disk, disk) ? before : undefined;
    if (earlier === undefined) this.#forget(uuid);
    const opening =
      earlier?.volume ??
      this.#store.openVolume(volumeNameOf(disk), { writethrough, ...knownVolume(disk) });
    this.#opening.set(uuid, { disk, volume: opening });
    try {
      const volume = await (earlier === undefined
        ? within(this.#clock, OPEN_WAIT_MAX_MS, opening)
        : Promise.race([opening, undefined]));
      if (volume === undefined) throw new Failure('volumeSilent', 'its image does not answer');
      this.#opening.delete(uuid);
      return volume;
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'volumeSilent')) this.#opening.delete(uuid);
      throw error;
    }
  }

  /** Nobody waits for it any more: it is closed when it has opened. */
  #forget(uuid: string): void {
    this.#opening.get(uuid)?.volume.then(
      (volume) => volume.close(),
      () => {},
    );
    this.#opening.delete(uuid);
  }

  /** Who changed the size hears that a gateway serves it only when its initiators see it, too. */
  async #sized({ disk, volume }: OpenDisk): Promise<void> {
    if (volume.sizeBytes === disk.size) return;
    let stop = (): void => {};
    const seen = new Promise<void>((resolve) => {
      stop = volume.onResize((sizeBytes) => {
        if (sizeBytes === disk.size) resolve();
      });
    });
    await within(this.#clock, SIZE_WAIT_MAX_MS, seen);
    stop();
    if (volume.sizeBytes === disk.size) return;
    const { name, size } = disk;
    this.#log.warn('a volume has another size than its disk', {
      disk: name,
      sizeBytes: volume.sizeBytes,
      documentBytes: size,
    });
  }
}

async function letGo(before: readonly OpenDisk[], kept: readonly OpenDisk[]): Promise<void> {
  const units = new Set(kept.map(({ unit }) => unit));
  const volumes = new Set(kept.map(({ volume }) => volume));
  for (const { unit } of before) if (!units.has(unit)) unit.close();
  const left = before.filter(({ volume }) => !volumes.has(volume));
  await Promise.all([...new Set(left.map(({ volume }) => volume))].map((volume) => volume.close()));
}

/** Size and layout are the volume's own, and a name is a label; all else makes another unit. */
function isSameUnit(a: Disk, b: Disk): boolean {
  return differences(a, b, ['name', 'volume', 'size', 'dataPool', 'objectSize']).length === 0;
}

/** Whether one opening serves both. An id that has become known is that of the volume. */
function isSameVolume(a: Disk, b: Disk): boolean {
  if (a.writethrough !== b.writethrough) return false;
  const [idOfA, idOfB] = [a.volume?.id, b.volume?.id];
  if (idOfA !== undefined && idOfB !== undefined) return idOfA === idOfB;
  return volumeNameOf(a) === volumeNameOf(b);
}

function logicalUnit(
  disk: Disk,
  volume: Volume,
  clock: Clock,
  onUnfenced: (disk: string) => void,
): LogicalUnit {
  const { name, uuid, serial, wwn, vendor, product, revision } = disk;
  const naa = Uint8Array.from(Buffer.from(wwn.slice('naa.'.length), 'hex'));
  const unit: LogicalUnit = new LogicalUnit({
    identity: { name, uuid, serial, naa, vendor, product, revision },
    volume,
    clock,
    blockLengthBytes: disk.blockLength,
    readOnly: disk.readOnly,
    onUnfenced: () => onUnfenced(unit.identity.name),
  });
  return unit;
}
