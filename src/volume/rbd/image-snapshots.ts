import { Failure } from '../../base/failure.ts';
import { cephFailure } from '../../ceph/ceph-failure.ts';
import { EBUSY, EEXIST, ENOENT } from '../../ceph/errno.ts';
import type { RbdImage } from '../../ceph/rbd-image.ts';
import type { RbdCloneOptions } from '../../ceph/rbd-images.ts';
import type {
  CloneSource,
  KnownVolume,
  VolumeDisk,
  VolumeEntry,
  VolumeSnapshot,
  VolumeSnapshots,
} from '../volume.ts';

interface ImageSnapshotsParts {
  readonly list: () => Promise<readonly VolumeEntry[]>;
  readonly withImage: <T>(
    name: string,
    known: KnownVolume,
    work: (image: RbdImage) => Promise<T>,
  ) => Promise<T>;
  /** Clones by name; resolves with a negated errno. */
  readonly clone: (
    parent: string,
    snapshot: string,
    name: string,
    options: RbdCloneOptions,
  ) => Promise<number>;
  /** Notes the disk in a new image; resolves with the id of the volume. */
  readonly noteDisk: (name: string, disk: VolumeDisk) => Promise<string>;
  readonly spec: (name: string) => string;
}

/**
 * Snapshots and clones by librbd. Gateways stop their writes before they answer its quiesce, and
 * submit again when all of them use the header with the snapshot (`header-barrier.ts`).
 */
export class ImageSnapshots implements VolumeSnapshots {
  readonly #parts: ImageSnapshotsParts;

  constructor(parts: ImageSnapshotsParts) {
    this.#parts = parts;
  }

  async create(volume: string, snapshot: string, known: KnownVolume = {}): Promise<void> {
    const errno = await this.#parts.withImage(volume, known, (image) => {
      return image.createSnapshot(snapshot);
    });
    const spec = this.#parts.spec(volume);
    if (errno === EEXIST) {
      const message = `the image ${spec} has a snapshot ${snapshot} already`;
      throw new Failure('snapshotExists', message, { name: snapshot });
    }
    if (errno === EBUSY) {
      const message = `writes to the image ${spec} did not pause in time`;
      throw new Failure('volumeInUse', message, { name: volume });
    }
    if (errno < 0) throw cephFailure('rbd_snap_create', errno, `the image ${spec}`);
  }

  async list(volume: string, known: KnownVolume = {}): Promise<readonly VolumeSnapshot[]> {
    return await this.#parts.withImage(volume, known, async ({ info }) => {
      const own = info.snapshots.filter(({ isUser }) => isUser);
      return own
        .map(({ name, sizeBytes, madeAt }) => ({
          name,
          sizeBytes,
          madeAtMs: madeAt * 1000,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  /** librbd keeps the data of a snapshot with clones until they are flattened or deleted. */
  async delete(volume: string, snapshot: string, known: KnownVolume = {}): Promise<void> {
    const errno = await this.#parts.withImage(volume, known, (image) => {
      return image.removeSnapshot(snapshot);
    });
    const spec = this.#parts.spec(volume);
    if (errno === ENOENT) throw this.#notFound(volume, snapshot);
    if (errno === EBUSY) {
      const message = `${spec}@${snapshot} is protected: rbd snap unprotect ${spec}@${snapshot}`;
      throw new Failure('volumeInUse', message, { name: volume });
    }
    if (errno < 0) throw cephFailure('rbd_snap_remove', errno, `the image ${spec}`);
  }

  /** A clone of the volume as it is now is made of a snapshot that only the clone keeps. */
  async clone(
    { volume, snapshot, ...known }: CloneSource,
    name: string,
    disk: VolumeDisk,
  ): Promise<string> {
    if (snapshot !== undefined) return await this.#clone(volume, snapshot, known, name, disk);
    const own = `clone.${name}`;
    await this.create(volume, own, known);
    try {
      return await this.#clone(volume, own, known, name, disk);
    } finally {
      await this.delete(volume, own, known);
    }
  }

  async #clone(
    volume: string,
    snapshot: string,
    known: KnownVolume,
    name: string,
    disk: VolumeDisk,
  ): Promise<string> {
    const { list, clone, noteDisk, spec } = this.#parts;
    // librbd finds the parent by its name, which may have changed.
    const parent = (await list()).find((each) => {
      return known.id === undefined ? each.name === volume : each.id === known.id;
    });
    if (parent === undefined) {
      const message = `there is no image ${spec(volume)}`;
      throw new Failure('volumeNotFound', message, { name: volume });
    }
    const dataPool = parent.layout?.dataPool;
    const options = dataPool === undefined ? {} : { dataPool };
    const errno = await clone(parent.name, snapshot, name, options);
    if (errno === EEXIST) {
      throw new Failure('volumeExists', `an image ${spec(name)} exists`, { name });
    }
    if (errno === ENOENT) throw this.#notFound(volume, snapshot);
    if (errno < 0) throw cephFailure('rbd_clone', errno, `the image ${spec(name)}`);
    return await noteDisk(name, disk);
  }

  #notFound(volume: string, snapshot: string): Failure {
    const message = `the image ${this.#parts.spec(volume)} has no snapshot ${snapshot}`;
    return new Failure('snapshotNotFound', message, { name: snapshot });
  }
}
