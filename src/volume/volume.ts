import type { Pending } from '../base/pending.ts';

/**
 * The medium of one logical unit: a row of bytes. Everything above is written against this
 * contract; `test/contract/volume.ts` proves a driver.
 *
 * Rules for every driver
 * - Offsets and lengths are bytes, multiples of `limits.alignmentBytes`. A range that leaves
 *   `sizeBytes` ends `outOfRange` and touches nothing.
 * - Results are values; no method throws or rejects for what a medium can do. A result that is
 *   there at once is returned as a value, not as a promise.
 * - Buffers belong to the volume until the result: it reads or fills them in place, and the caller
 *   neither changes nor reuses them before.
 * - A write that ended `done` is returned by every later read through every process (I1). A write
 *   that ended otherwise may have been applied in part, except a compareAndWrite that miscompared.
 * - No method blocks the event loop for longer than a copy of its bytes takes.
 */
export interface Volume {
  readonly sizeBytes: number;
  readonly limits: VolumeLimits;
  /**
   * Why nothing can be read or written at present, though the volume is open, in words for an
   * administrator; operations end `unservable` then. Undefined, or absent, while it can be used.
   */
  readonly unservable?: string | undefined;

  /** Fills `into` (scatter list) from `offset`. Unwritten ranges read as zeros. */
  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult>;

  /** Writes `from` (gather list) at `offset`. `fua`: durable before the result. */
  write(offset: number, from: readonly Uint8Array[], options?: WriteOptions): Pending<VolumeResult>;

  /**
   * Writes `write` if the medium equals `compare`, else ends `miscompare` with the index of the
   * first differing byte. Atomic against every other write through every process (I2). At most
   * `limits.compareAndWriteMaxBytes`, and inside one `limits.atomicBoundaryBytes`; else `refused`.
   */
  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult>;

  /** Repeats `pattern` over the range; `length` is a multiple of the pattern's. */
  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    options?: WriteOptions,
  ): Pending<VolumeResult>;

  /** The range reads as zeros afterwards, exactly; gives its space back where it can. */
  unmap(offset: number, length: number): Pending<VolumeResult>;

  /** The range reads as zeros afterwards, exactly; its space stays allocated where it can. */
  writeZeroes(offset: number, length: number, options?: WriteOptions): Pending<VolumeResult>;

  /**
   * Copies from a volume of the same store, also this one, without the bytes passing through this
   * process; the two ranges do not overlap. `unsupported`: they must be read and written instead,
   * and some may have been written.
   */
  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): Pending<VolumeResult>;

  /** Every write that ended `done` before this call is durable when this ends `done`. */
  flush(): Pending<VolumeResult>;

  /**
   * The allocation from `offset` on, in order, without gaps, at most `extentsMax` extents and
   * `length` bytes. May take long on a large range: callers ask for small ones.
   */
  allocation(offset: number, length: number, extentsMax: number): Promise<Allocation>;

  /** Calls `listener` with the new size when it changed, in any process. Returns the undo. */
  onResize(listener: (sizeBytes: number) => void): () => void;

  /** Resolves when all that was submitted before this call is done. */
  drain(): Promise<void>;

  /**
   * When this resolves `done`, operations that were submitted and are not done will never land for
   * a client that passed the barrier; every later call ends `fenced` until `reopen`. A driver that
   * cannot (see `local`) resolves `unsupported`, and its process must be ended.
   */
  fence(): Promise<VolumeResult>;

  /**
   * After a fence that ended `done`: `done` when calls work again. Else what calls end with; `done`
   * when it was never fenced.
   */
  reopen(): Promise<VolumeResult>;

  /** Drains and releases everything. Later calls end `closed`. */
  close(): Promise<void>;
}

export interface WriteOptions {
  /** FORCE UNIT ACCESS: durable before the result. */
  readonly fua?: boolean;
}

export interface VolumeLimits {
  /** Every offset and length is a multiple of this: 512 or less. */
  readonly alignmentBytes: number;
  /** The longest compareAndWrite; 0 when the driver has none. */
  readonly compareAndWriteMaxBytes: number;
  /** A compareAndWrite may not cross a multiple of this. */
  readonly atomicBoundaryBytes: number;
  /** A transfer of a multiple of this is best (OPTIMAL TRANSFER LENGTH GRANULARITY). */
  readonly optimalGranularityBytes: number;
  /** Unmap frees space in multiples of this (OPTIMAL UNMAP GRANULARITY). */
  readonly unmapGranularityBytes: number;
  /** True when an acknowledged write may be lost with the power: WCE 1, FUA and flush matter. */
  readonly volatileCache: boolean;
}

export type VolumeResult =
  | { readonly status: 'done' }
  | { readonly status: 'miscompare'; readonly offset: number }
  | { readonly status: VolumeFault; readonly errno?: number };

/** Why an operation failed; `scsi/tasks/volume-fault.ts` maps each to a sense condition. */
export type VolumeFault =
  /** The range leaves the volume. */
  | 'outOfRange'
  /** The driver does not support this (for example, an unaligned or too long compareAndWrite). */
  | 'refused'
  /** The medium failed to read. */
  | 'readError'
  /**
   * The medium failed to write, or a flush failed: cached data may be lost. The fault is permanent.
   */
  | 'writeError'
  /** No space is left for a new block. */
  | 'noSpace'
  /** Something outside changed the medium so that it must not be used; nothing was changed. */
  | 'unservable'
  /** The volume was fenced; the outcome of operations in flight is unknown. */
  | 'fenced'
  /** The volume was closed. */
  | 'closed'
  /** A named bound was exceeded, or a fence came first; nothing was changed. */
  | 'busy'
  | 'unsupported';

export const DONE: VolumeResult = Object.freeze({ status: 'done' });

export interface Allocation {
  readonly result: VolumeResult;
  readonly extents: readonly Extent[];
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly allocated: boolean;
}

/** How a volume lies in what holds it, where the driver leaves a choice; made so, for ever. */
export interface VolumeLayout {
  /** The pool of its data objects, an erasure-coded one say, where that is not the store's own. */
  readonly dataPool?: string;
  /** Of its data objects. */
  readonly objectSizeBytes?: number;
}

/** The disk whose data a volume holds, with what initiators know it by. */
export interface VolumeDisk {
  readonly uuid: string;
  readonly wwn: string;
  readonly serial: string;
}

/** The known identity of a volume beside its name. A volume with another identity is left alone. */
export interface KnownVolume {
  /** Decides where volumes have ids: a name may have gone to another volume. */
  readonly id?: string | undefined;
  /** The uuid of the disk whose data it holds; a volume without one may belong to any disk. */
  readonly uuid?: string | undefined;
}

/** A volume in a list. */
export interface VolumeEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Absent where a driver has one layout only. */
  readonly layout?: VolumeLayout;
  /** Unique to this volume, for ever; absent if a driver has only names. */
  readonly id?: string;
  /** Absent where the volume does not say. */
  readonly disk?: VolumeDisk;
  /** How many snapshots it has, also incomplete ones; absent where there are none. */
  readonly snapshots?: number;
}

/** A snapshot of a volume: its data at one moment. */
export interface VolumeSnapshot {
  readonly name: string;
  readonly sizeBytes: number;
  /** When it was made, in milliseconds since 1970, by the clock of the store. */
  readonly madeAtMs: number;
  /** Its making, or a rollback to it, is under way or was interrupted: only to be deleted. */
  readonly isIncomplete?: true;
}

/** A volume as it is now, or its snapshot. */
export interface CloneSource extends KnownVolume {
  readonly volume: string;
  readonly snapshot?: string | undefined;
}

/**
 * Snapshots and clones of the volumes of a store, also of those that processes have open and write
 * to. All throw `volumeNotFound` and `volumeOfOtherDisk` as `VolumeStore` does; those that make one
 * throw `snapshotUnsupported`, with nothing made, if the store cannot share data.
 */
export interface VolumeSnapshots {
  /**
   * The snapshot has every write that ended `done` before this call, none that began after it
   * resolved, and of each other write all or nothing up to a block: writes of every process are
   * held meanwhile. `Failure('snapshotExists')`; `volumeInUse` if writes did not pause in time.
   */
  create(volume: string, snapshot: string, known?: KnownVolume): Promise<void>;
  /** In order of their names. */
  list(volume: string, known?: KnownVolume): Promise<readonly VolumeSnapshot[]>;
  /** Clones keep their data. `Failure('snapshotNotFound')`. */
  delete(volume: string, snapshot: string, known?: KnownVolume): Promise<void>;
  /**
   * Makes a volume with the data of the source, of the same size, that holds the data of `disk`;
   * resolves with its id, where volumes have ids. `Failure('volumeExists')`, `snapshotNotFound`.
   */
  clone(source: CloneSource, name: string, disk: VolumeDisk): Promise<string | undefined>;
}

/** Shared by the volumes of a pool or a disk, and by whatever else is kept there. */
export interface StoreSpace {
  readonly usedBytes: number;
  /** Bytes that may still be written. */
  readonly availableBytes: number;
}

/** A file system or a pool that holds data of volumes. */
export interface PlaceSpace extends StoreSpace {
  /** In words, for people: `pool disks`. */
  readonly place: string;
  /** Absent where files are not counted. */
  readonly inodes?: { readonly used: number; readonly available: number };
}

export type SpaceOf = (volume: Volume) => StoreSpace | undefined;

export interface CreateOptions {
  readonly layout?: VolumeLayout;
  /** The disk whose data it will hold. */
  readonly disk?: VolumeDisk;
}

export interface ResizeOptions extends KnownVolume {
  /** The data beyond a smaller size may be lost. */
  readonly mayShrink?: boolean;
}

export interface DeleteOptions extends KnownVolume {
  /** Called with the progress, where that may take long. */
  readonly onProgress?: (percent: number) => void;
}

/**
 * The volumes of one store, by name. Failures of management are thrown as `Failure`; all that take
 * a `KnownVolume` throw `volumeNotFound` when there is none of that name, and `volumeOfOtherDisk`
 * when it is not the volume that is meant.
 */
export interface VolumeStore {
  /** Absent where the driver has none. */
  readonly snapshots?: VolumeSnapshots;
  /**
   * Resolves with its id, where volumes have ids. `Failure('volumeExists')`; with nothing made,
   * `layoutRefused` for a layout and `volumeBadSize` for a size that cannot be had.
   */
  create(name: string, sizeBytes: number, options?: CreateOptions): Promise<string | undefined>;
  /**
   * Why no volume can have that layout, in words; undefined when one can. Absent where volumes have
   * one layout only, and every choice is refused. Rejects.
   */
  layoutRefusal?(layout: VolumeLayout): Promise<string | undefined>;
  /** Why no volume can have that size, in words; undefined when one can. */
  sizeRefusal(sizeBytes: number): Promise<string | undefined>;
  open(name: string, known?: KnownVolume): Promise<Volume>;
  /**
   * Changes the size, and tells every process that has it open. With nothing lost,
   * `Failure('volumeWouldShrink')` when the volume is larger at this moment and may not shrink.
   */
  resize(name: string, sizeBytes: number, options?: ResizeOptions): Promise<void>;
  /**
   * `Failure('volumeInUse')`, with nothing lost. An interrupted deletion is finished by another
   * call.
   */
  delete(name: string, options?: DeleteOptions): Promise<void>;
  /** The volume says from now on that it holds the data of this disk. */
  assign(name: string, disk: VolumeDisk, known?: KnownVolume): Promise<void>;
  /**
   * Resolves when several gateways may serve the volume. `Failure('volumeUnsuitable')` names the
   * obstacles and the commands that remove them; with `repair`, those within the volume are removed
   * first. Absent where every volume may be served.
   */
  prepare?(name: string, repair: boolean, known?: KnownVolume): Promise<void>;
  /**
   * How full what holds the volumes is, as of one look. The answer tells it for a volume that this
   * store has open; undefined while that is not known. Rejects.
   */
  space?(): Promise<SpaceOf>;
  /**
   * How full each place is that holds volumes of this store: its file system, or its pool and
   * these. Without those of which that is not known. Rejects.
   */
  places?(dataPools: readonly string[]): Promise<readonly PlaceSpace[]>;
  /** In order of their names. */
  list(): Promise<readonly VolumeEntry[]>;
  /** Names by id, without a look at each volume; absent where volumes have no ids. */
  names?(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}
