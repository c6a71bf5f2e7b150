import { existsSync } from 'node:fs';
import { link, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type {
  CloneSource,
  KnownVolume,
  VolumeDisk,
  VolumeSnapshot,
  VolumeSnapshots,
} from '../volume.ts';
import { checkDisk } from '../volume-disk.ts';
import { syncFile } from './share-file.ts';
import { incompletePath, snapshotFiles, snapshotPath } from './snapshot-files.ts';
import {
  addDescription,
  imagePath,
  readDescription,
  type VolumeDescription,
} from './volume-description.ts';

interface LocalSnapshotsParts {
  readonly folder: string;
  /** Runs `action` while no process writes to the volume. */
  readonly holdWrites: (volume: string, action: () => Promise<void>) => Promise<void>;
  /** Runs `action`, which makes that volume, made durable; `Failure('volumeExists')`. */
  readonly make: (volume: string, action: () => Promise<void>) => Promise<void>;
  readonly syncFolder: () => Promise<void>;
  /** Makes a file with the data of another one; see `shareFile`. */
  readonly share: (from: string, to: string) => Promise<void>;
}

/**
 * Snapshots as files that share blocks with the image. Writes are held by the range lock of the
 * whole volume: the kernel takes it away from a process that ends, so nothing stays held.
 */
export class LocalSnapshots implements VolumeSnapshots {
  readonly #parts: LocalSnapshotsParts;

  constructor(parts: LocalSnapshotsParts) {
    this.#parts = parts;
  }

  async create(volume: string, snapshot: string, known: KnownVolume = {}): Promise<void> {
    const path = this.#path(volume, snapshot);
    if (existsSync(path)) throw snapshotExists(volume, snapshot);
    const incomplete = incompletePath(path);
    try {
      await this.#shareVolume(volume, known, incomplete);
      // A link fails where the name is taken, which a rename does not.
      await link(incomplete, path).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EEXIST' ? snapshotExists(volume, snapshot) : error;
      });
    } finally {
      await rm(incomplete, { force: true });
    }
    await this.#parts.syncFolder();
  }

  async list(volume: string, known: KnownVolume = {}): Promise<readonly VolumeSnapshot[]> {
    await this.#describe(volume, known);
    const found: VolumeSnapshot[] = [];
    for (const { file, name, isIncomplete } of await this.#files(volume)) {
      const facts = await stat(join(this.#parts.folder, file)).catch(ifAbsent);
      if (facts === undefined) continue;
      const { size: sizeBytes, mtimeMs: madeAtMs } = facts;
      found.push({ name, sizeBytes, madeAtMs, ...(isIncomplete ? { isIncomplete } : {}) });
    }
    return found;
  }

  async delete(volume: string, snapshot: string, known: KnownVolume = {}): Promise<void> {
    await this.#describe(volume, known);
    const files = (await this.#files(volume)).filter(({ name }) => name === snapshot);
    if (files.length === 0) throw snapshotNotFound(volume, snapshot);
    for (const { file } of files) await rm(join(this.#parts.folder, file), { force: true });
    await this.#parts.syncFolder();
  }

  async clone(source: CloneSource, name: string, disk: VolumeDisk): Promise<undefined> {
    const { folder, make } = this.#parts;
    await make(name, async () => {
      const image = imagePath(folder, name);
      try {
        const sizeBytes = await this.#share(source, image);
        await addDescription(folder, name, { format: 1, sizeBytes, disk });
      } catch (error) {
        await rm(image, { force: true });
        throw error;
      }
    });
  }

  /** `Failure('volumeInUse')` if the volume has any. */
  async requireNone(volume: string): Promise<void> {
    const names = (await this.#files(volume)).map(({ name }) => name);
    if (names.length === 0) return;
    const message = `the volume ${volume} has snapshots: ${names.join(', ')}`;
    throw new Failure('volumeInUse', message, { name: volume, snapshots: names });
  }

  /** Resolves with the size. */
  async #share({ volume, snapshot, ...known }: CloneSource, to: string): Promise<number> {
    if (snapshot === undefined) return await this.#shareVolume(volume, known, to);
    await this.#describe(volume, known);
    const path = this.#path(volume, snapshot);
    if (!existsSync(path)) throw snapshotNotFound(volume, snapshot);
    await this.#parts.share(path, to);
    await syncFile(to);
    return (await stat(to)).size;
  }

  async #shareVolume(volume: string, known: KnownVolume, to: string): Promise<number> {
    const { folder, holdWrites, share } = this.#parts;
    const { device } = await this.#describe(volume, known);
    if (device !== undefined) throw isDevice(volume);
    const image = imagePath(folder, volume);
    // What is dirty must be written before blocks are shared: most of it while writes go on.
    await syncFile(image);
    let sizeBytes = 0;
    await holdWrites(volume, async () => {
      ({ sizeBytes } = await this.#describe(volume, known));
      await share(image, to);
    });
    // A late write of a process that knew a larger size may have made the image longer.
    await truncate(to, sizeBytes);
    await syncFile(to);
    return sizeBytes;
  }

  async #describe(volume: string, known: KnownVolume): Promise<VolumeDescription> {
    const description = await readDescription(this.#parts.folder, volume);
    checkDisk(volume, description.disk, known);
    return description;
  }

  async #files(volume: string) {
    const files = [...(await readdir(this.#parts.folder))].sort();
    return snapshotFiles(files).filter((each) => each.volume === volume);
  }

  #path(volume: string, snapshot: string): string {
    return snapshotPath(this.#parts.folder, volume, snapshot);
  }
}

function snapshotExists(volume: string, name: string): Failure {
  return new Failure('snapshotExists', `${volume} has a snapshot ${name} already`, { name });
}

function snapshotNotFound(volume: string, name: string): Failure {
  return new Failure('snapshotNotFound', `${volume} has no snapshot ${name}`, { name });
}

function isDevice(volume: string): Failure {
  const message = `${volume} is a block device: make snapshots of it by its own tools`;
  return new Failure('snapshotUnsupported', message, { name: volume });
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
