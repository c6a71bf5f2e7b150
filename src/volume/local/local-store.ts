import { closeSync, existsSync, openSync } from 'node:fs';
import { appendFile, open, readdir, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Random } from '../../base/random.ts';
import { errorText } from '../../base/system-reason.ts';
import { lseek, SEEK_END } from '../../host/kernel.ts';
import { makeFolders } from '../../host/make-folder.ts';
import { SharedMemory } from '../../host/shared-memory.ts';
import { type Log, silentLog } from '../../log/log.ts';
import type {
  CreateOptions,
  KnownVolume,
  PlaceSpace,
  ResizeOptions,
  VolumeDisk,
  VolumeEntry,
  VolumeStore,
} from '../volume.ts';
import { checkDisk } from '../volume-disk.ts';
import { refuseLayout } from '../volume-layout.ts';
import { refuseShrinking } from '../volume-size.ts';
import { FileMedium } from './file-medium.ts';
import { LocalSnapshots } from './local-snapshots.ts';
import { LocalVolume } from './local-volume.ts';
import { INTENTIONS_AT, LockFile } from './lock-file.ts';
import { endStoppedHolders } from './lock-holder.ts';
import { RangeLock } from './range-lock.ts';
import { shareFile } from './share-file.ts';
import { snapshotCounts } from './snapshot-files.ts';
import { SyncQueue } from './sync-queue.ts';
import {
  addDescription,
  descriptionPath,
  imagePath,
  readDescription,
  replaceDescription,
  SUFFIX,
  type VolumeDescription,
} from './volume-description.ts';
import { ANNOUNCEMENTS_BYTES, WRITERS_MAX, WriteAnnouncements } from './write-announcements.ts';
import { WriteLease } from './write-lease.ts';
import { WriteBatches, WriteQueue } from './write-queue.ts';
import { WriteThread } from './write-thread.ts';

interface LocalStoreOptions {
  /** The folder of the volumes; made if it is absent. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** It only lists: nothing is made for it, and an absent folder holds nothing. */
  readonly isReader?: boolean;
  /** Every write to volumes of this store is durable before its result. */
  readonly writethrough?: boolean;
  /** Without it this process may write at any time. */
  readonly lease?: WriteLease;
  /** Denies that a process which runs still works: it is then ended like a stopped one. */
  readonly isAlive?: (pid: number) => boolean;
}

/** How often a process looks whether any other changed a size. */
const SIZE_POLL_MS = 300;

/** Grows by a byte at each resize, so that one look a process serves all volumes. */
const RESIZES_FILE = '.resizes';

/** Opens, or makes, the volumes of a store that several processes of this host share. */
export async function openLocalVolumeStore(options: LocalStoreOptions): Promise<LocalStore> {
  const folder = options.directory;
  if (options.isReader !== true) {
    await makeFolders(folder);
    await appendFile(join(folder, RESIZES_FILE), '');
  }
  return new LocalStore(folder, options);
}

class LocalStore implements VolumeStore {
  readonly #folder: string;
  readonly #options: LocalStoreOptions;
  readonly #log: Log;
  readonly #open = new Map<LocalVolume, string>();
  readonly #batches = new WriteBatches();
  readonly #lease: WriteLease;
  readonly #thread: WriteThread;
  readonly snapshots: LocalSnapshots;
  #announcements: WriteAnnouncements | undefined;
  #resizesSeen = -1;
  #poll: Timer | undefined;
  #isClosed = false;

  constructor(folder: string, options: LocalStoreOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#lease = options.lease ?? new WriteLease();
    this.#thread = new WriteThread({ clock: options.clock, lease: this.#lease });
    this.snapshots = new LocalSnapshots({
      folder,
      holdWrites: (name, action) => this.#excluding(name, 0, action),
      make: (name, action) => this.#make(name, action),
      syncFolder: () => this.#syncFolder(),
      share: shareFile,
    });
  }

  async create(
    name: string,
    sizeBytes: number,
    { layout = {}, disk }: CreateOptions = {},
  ): Promise<undefined> {
    refuseLayout(layout);
    checkSize(sizeBytes);
    const path = this.#imagePath(name);
    await this.#make(name, async () => {
      // Removes the leftovers of an interrupted delete.
      await writeFile(path, '', { flush: true, mode: 0o600 });
      try {
        await setLength(path, sizeBytes);
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      const description = {
        format: 1,
        sizeBytes,
        ...(disk === undefined ? {} : { disk }),
      } as const;
      await addDescription(this.#folder, name, description);
    });
  }

  async places(): Promise<readonly PlaceSpace[]> {
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(this.#folder);
    const place = `file system of ${dirname(this.#folder)}`;
    const bytes = { usedBytes: (blocks - bfree) * bsize, availableBytes: bavail * bsize };
    // Btrfs makes inodes as it needs them, and counts none.
    const inodes = files === 0 ? {} : { inodes: { used: files - ffree, available: ffree } };
    return [{ place, ...bytes, ...inodes }];
  }

  /** Asks the file system, by a file that is as long and holds nothing. */
  async sizeRefusal(sizeBytes: number): Promise<string | undefined> {
    const path = join(this.#folder, `.size.${process.pid}.new`);
    try {
      checkSize(sizeBytes);
      await writeFile(path, '', { mode: 0o600 });
      await setLength(path, sizeBytes);
      return undefined;
    } catch (error) {
      if (error instanceof Failure && error.code === 'volumeBadSize') return error.message;
      // A full file system has no room for the file, which does not mean that the size is wrong.
      return undefined;
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Makes a volume of a block device, whole. */
  async attach(name: string, device: string): Promise<void> {
    const descriptor = openSync(device, 'r+');
    try {
      const sizeBytes = await lseek(descriptor, 0, SEEK_END);
      checkSize(sizeBytes);
      await addDescription(this.#folder, name, { format: 1, sizeBytes, device });
    } finally {
      closeSync(descriptor);
    }
    await this.#syncFolder();
  }

  async open(name: string, known: KnownVolume = {}): Promise<LocalVolume> {
    const { clock, random, isAlive, writethrough = false } = this.#options;
    await readDescription(this.#folder, name);
    const lockFile = this.#openLockFile(name);
    let descriptor = -1;
    try {
      // Read again, now that no other process can delete or claim it.
      const description = await readDescription(this.#folder, name);
      checkDisk(name, description.disk, known);
      descriptor = openSync(description.device ?? this.#imagePath(name), 'r+');
      if (description.device === undefined) await this.#extend(name, description.sizeBytes);
      const endStopped = async (offset: number, length: number) => {
        const ended = await endStoppedHolders(lockFile.inode, offset, length, isAlive);
        for (const { pid } of ended)
          this.#log.write('volume_lock_holder_ended', { volume: name, holderPid: pid });
      };
      const locks = new RangeLock(lockFile, clock, random, endStopped);
      const volume: LocalVolume = new LocalVolume({
        sizeBytes: description.sizeBytes,
        medium: new FileMedium(
          descriptor,
          new WriteQueue(descriptor, clock, this.#batches, this.#lease),
          this.#lease,
          this.#thread,
        ),
        locks,
        sync: new SyncQueue(descriptor),
        announcements: await this.#announced(),
        id: lockFile.inode,
        clock,
        writethrough,
        onClose: () => {
          this.#open.delete(volume);
          closeSync(descriptor);
          locks.close();
          lockFile.close();
        },
      });
      this.#open.set(volume, name);
      this.#watchSizes();
      return volume;
    } catch (error) {
      if (descriptor >= 0) closeSync(descriptor);
      lockFile.close();
      throw error;
    }
  }

  async resize(name: string, sizeBytes: number, options: ResizeOptions = {}): Promise<void> {
    checkSize(sizeBytes);
    const before = await readDescription(this.#folder, name);
    checkDisk(name, before.disk, options);
    if (options.mayShrink !== true) refuseShrinking(name, before.sizeBytes, sizeBytes);
    if (before.device !== undefined) {
      throw new Failure(
        'volumeIsDevice',
        `${name} is a block device: resize it with its own tools`,
        { name },
      );
    }
    let isOvertaken = false;
    await this.#excluding(name, Math.min(sizeBytes, before.sizeBytes), async () => {
      // Another process may have resized it before the range was locked, which then covers too
      // little.
      const now = await readDescription(this.#folder, name);
      isOvertaken = now.sizeBytes !== before.sizeBytes;
      if (isOvertaken) return;
      const after: VolumeDescription = { ...now, sizeBytes };
      if (sizeBytes < before.sizeBytes) await replaceDescription(this.#folder, name, after);
      // Truncated first: bytes of a late write behind the old end must not appear in a larger
      // volume.
      await truncate(this.#imagePath(name), Math.min(sizeBytes, before.sizeBytes));
      await setLength(this.#imagePath(name), sizeBytes);
      if (sizeBytes > before.sizeBytes) await replaceDescription(this.#folder, name, after);
      await this.#syncFolder();
    });
    if (isOvertaken) return this.resize(name, sizeBytes, options);
    await appendFile(join(this.#folder, RESIZES_FILE), '.');
    await this.#readSizes();
  }

  /** The leftovers of an interrupted delete count as a volume. */
  async delete(name: string, known: KnownVolume = {}): Promise<void> {
    const found = await readDescription(this.#folder, name).catch(ifGone);
    checkDisk(name, found?.disk, known);
    const image = this.#imagePath(name);
    if (found === undefined && !existsSync(image)) throw notFound(name);
    await this.#claimed(name, 'volumeInUse', async () => {
      await this.snapshots.requireNone(name);
      await rm(descriptionPath(this.#folder, name), { force: true });
      if (found?.device === undefined) await rm(image, { force: true });
      await rm(this.#lockPath(name), { force: true });
    });
  }

  async assign(name: string, disk: VolumeDisk, known: KnownVolume = {}): Promise<void> {
    // A resize, which writes the description as well, excludes the end of all ranges.
    await this.#excluding(name, INTENTIONS_AT - 2, async () => {
      const before = await readDescription(this.#folder, name);
      checkDisk(name, before.disk, known);
      await replaceDescription(this.#folder, name, { ...before, disk });
      await this.#syncFolder();
    });
  }

  async list(): Promise<readonly VolumeEntry[]> {
    const found: VolumeEntry[] = [];
    const files = [...(await readdir(this.#folder).catch(ifAbsent))].sort();
    const counts = snapshotCounts(files);
    for (const file of files) {
      if (!file.endsWith(SUFFIX)) continue;
      const name = file.slice(0, -SUFFIX.length);
      const description = await readDescription(this.#folder, name).catch(ifGone);
      if (description === undefined) continue;
      const { sizeBytes, disk } = description;
      const snapshots = counts.get(name);
      found.push({
        ...{ name, sizeBytes },
        ...(disk === undefined ? {} : { disk }),
        ...(snapshots === undefined ? {} : { snapshots }),
      });
    }
    return found;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#poll?.cancel();
    await Promise.all([...this.#open.keys()].map((volume) => volume.close()));
    this.#batches.close();
    this.#announcements?.close();
    await this.#thread.close();
  }

  /** Undefined where processes cannot tell each other of their changes: reads may then be torn. */
  async #announced(): Promise<WriteAnnouncements | undefined> {
    if (this.#announcements !== undefined) return this.#announcements;
    const { dev, ino, uid } = await stat(this.#folder);
    try {
      this.#announcements ??= new WriteAnnouncements(
        new SharedMemory(`allpath-1-${dev}-${ino}`, ANNOUNCEMENTS_BYTES, uid),
      );
    } catch (error) {
      this.#log.write('shared_memory_missing', { reason: errorText(error) });
      return undefined;
    }
    if (this.#announcements.claim()) return this.#announcements;
    const message = `${WRITERS_MAX} processes have volumes of ${this.#folder} open`;
    throw new Failure('volumeInUse', message, { folder: this.#folder });
  }

  /**
   * Runs `action`, made durable, while no process can open the volume; fails if one has it open.
   */
  async #claimed(name: string, code: string, action: () => Promise<void>): Promise<void> {
    const lockFile = new LockFile(this.#lockPath(name));
    try {
      // A lock file that was deleted in between excludes no process.
      if (!lockFile.tryClaim() || !lockFile.isLinked) {
        throw new Failure(code, `the volume ${name} is open`, { name });
      }
      await action();
      await this.#syncFolder();
    } finally {
      lockFile.close();
    }
  }

  /** Runs `action`, which makes the volume, made durable; fails if there is one of that name. */
  async #make(name: string, action: () => Promise<void>): Promise<void> {
    descriptionPath(this.#folder, name);
    await this.#claimed(name, 'volumeExists', async () => {
      const found = await readDescription(this.#folder, name).catch(ifGone);
      if (found !== undefined) {
        throw new Failure('volumeExists', `a volume ${name} exists`, { name });
      }
      await action();
    });
  }

  #openLockFile(name: string): LockFile {
    const lockFile = new LockFile(this.#lockPath(name));
    if (lockFile.tryOpen() && lockFile.isLinked) return lockFile;
    lockFile.close();
    throw new Failure('volumeNotFound', `the volume ${name} is being deleted`, { name });
  }

  /** Runs `action` while no process writes at or behind `offset`. */
  async #excluding(name: string, offset: number, action: () => Promise<void>): Promise<void> {
    const { clock, random, isAlive } = this.#options;
    const lockFile = this.#openLockFile(name);
    try {
      const endStopped = async (at: number, length: number) => {
        await endStoppedHolders(lockFile.inode, at, length, isAlive);
      };
      const locks = new RangeLock(lockFile, clock, random, endStopped);
      const held = await locks.acquire(offset, INTENTIONS_AT - 1 - offset, true);
      if (held === undefined) {
        throw new Failure('volumeInUse', `writes to ${name} did not pause in time`, { name });
      }
      await action();
    } finally {
      lockFile.close();
    }
  }

  #watchSizes(): void {
    if (this.#poll !== undefined || this.#isClosed) return;
    this.#poll = this.#options.clock.after(SIZE_POLL_MS, () => {
      const again = () => {
        this.#poll = undefined;
        if (this.#open.size > 0) this.#watchSizes();
      };
      this.#lookForResizes().then(again, again);
    });
  }

  async #lookForResizes(): Promise<void> {
    const { size } = await stat(join(this.#folder, RESIZES_FILE));
    if (size === this.#resizesSeen) return;
    this.#resizesSeen = size;
    await this.#readSizes();
  }

  async #readSizes(): Promise<void> {
    for (const [volume, name] of this.#open) {
      const description = await readDescription(this.#folder, name).catch(ifGone);
      if (description !== undefined) volume.resized(description.sizeBytes);
    }
  }

  /** An image shorter than its volume (a resize was interrupted) gets its length. */
  async #extend(name: string, sizeBytes: number): Promise<void> {
    const { size } = await stat(this.#imagePath(name));
    if (size < sizeBytes) await truncate(this.#imagePath(name), sizeBytes);
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #imagePath(name: string): string {
    return imagePath(this.#folder, name);
  }

  #lockPath(name: string): string {
    return join(this.#folder, `${name}.lock`);
  }
}

function ifAbsent(error: NodeJS.ErrnoException): readonly string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function checkSize(sizeBytes: number): void {
  if (!(Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes % 512 === 0)) {
    throw new Failure('volumeBadSize', 'a size is a positive multiple of 512 bytes', { sizeBytes });
  }
  if (sizeBytes < INTENTIONS_AT) return;
  throw new Failure('volumeBadSize', 'a volume of this store is smaller than 4 PiB', { sizeBytes });
}

/** `Failure('volumeBadSize')` when the file system has no files of that length. */
async function setLength(path: string, sizeBytes: number): Promise<void> {
  await truncate(path, sizeBytes).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EFBIG') throw error;
    const size = `${Math.ceil(sizeBytes / 2 ** 30)} GiB`;
    const message = `the file system of the store has no files of ${size}`;
    throw new Failure('volumeBadSize', message, { sizeBytes });
  });
}

function notFound(name: string): Failure {
  return new Failure('volumeNotFound', `there is no volume ${name}`, { name });
}

function ifGone(error: unknown): undefined {
  if (error instanceof Failure && error.code === 'volumeNotFound') return undefined;
  throw error;
}
