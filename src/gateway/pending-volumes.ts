import { assert } from '../base/assert.ts';
import { type Clock, within } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { volumeNameOf } from '../config/disk-identity.ts';
import type { Disk } from '../config/document.ts';
import { knownVolume } from '../control/volume-entries.ts';
import type { Volume } from '../volume/volume.ts';
import type { Store } from './store.ts';

/** A disk that does not open in this time is not waited for: the others are served without it. */
export const OPEN_WAIT_MAX_MS = 5_000;

export type VolumeOpener = Pick<Store, 'openVolume'>;

interface PendingVolume {
  readonly disk: Disk;
  readonly volume: Promise<Volume>;
}

/** Volumes that are being opened, by the uuid of their disk: an OSD may be silent for long. */
export class PendingVolumes {
  readonly #store: VolumeOpener;
  readonly #clock: Clock;
  readonly #pending = new Map<string, PendingVolume>();

  constructor(store: VolumeOpener, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Opens the volume of a disk. Waits for an answer the first time only: later attempts take what
   * has come meanwhile. Rejects with `volumeSilent`, and with what the store says.
   */
  async open(disk: Disk): Promise<Volume> {
    const { uuid, writethrough } = disk;
    const before = this.#pending.get(uuid);
    const earlier = before !== undefined && canShareVolume(before.disk, disk) ? before : undefined;
    if (earlier === undefined) this.#drop(uuid);
    const opening =
      earlier?.volume ??
      this.#store.openVolume(volumeNameOf(disk), { writethrough, ...knownVolume(disk) });
    assert(earlier !== undefined || !this.#pending.has(uuid), 'a disk is opened once at a time');
    this.#pending.set(uuid, { disk, volume: opening });
    try {
      const volume = await (earlier === undefined
        ? within(this.#clock, OPEN_WAIT_MAX_MS, opening)
        : Promise.race([opening, undefined]));
      if (volume === undefined) throw new Failure('volumeSilent', 'the image does not answer');
      this.#pending.delete(uuid);
      return volume;
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'volumeSilent')) this.#pending.delete(uuid);
      throw error;
    }
  }

  /**
   * The volumes of disks other than these are no longer awaited: they are closed when they open.
   */
  keep(uuids: ReadonlySet<string>): void {
    for (const uuid of this.#pending.keys()) if (!uuids.has(uuid)) this.#drop(uuid);
  }

  #drop(uuid: string): void {
    this.#pending.get(uuid)?.volume.then(
      (volume) => volume.close(),
      () => {},
    );
    this.#pending.delete(uuid);
  }
}

/** Whether one open volume can serve both. */
export function canShareVolume(a: Disk, b: Disk): boolean {
  return a.writethrough === b.writethrough && isSameVolume(a, b);
}

/** Whether both name one volume, and so the same data. An id that has become known is its own. */
export function isSameVolume(a: Disk, b: Disk): boolean {
  const [idOfA, idOfB] = [a.volume?.id, b.volume?.id];
  if (idOfA !== undefined && idOfB !== undefined) return idOfA === idOfB;
  return volumeNameOf(a) === volumeNameOf(b);
}
