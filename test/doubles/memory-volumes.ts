import { firstDifference } from '../../src/base/bytes/first-difference.ts';
import { Failure } from '../../src/base/failure.ts';
import { InFlight } from '../../src/volume/in-flight.ts';
import { atomicRefusal, fault, patternRefusal, rangeRefusal } from '../../src/volume/refusal.ts';
import { isZero, lengthOf } from '../../src/volume/scatter.ts';
import {
  type Allocation,
  type CreateOptions,
  DONE,
  type KnownVolume,
  type ResizeOptions,
  type Volume,
  type VolumeDisk,
  type VolumeEntry,
  type VolumeResult,
  type VolumeStore,
  type WriteOptions,
} from '../../src/volume/volume.ts';
import { checkDisk } from '../../src/volume/volume-disk.ts';
import { refuseLayout } from '../../src/volume/volume-layout.ts';
import { volumeLimits } from '../../src/volume/volume-limits.ts';
import { refuseShrinking } from '../../src/volume/volume-size.ts';
import { SparseBytes } from './sparse-bytes.ts';

export const MEMORY_COMPARE_AND_WRITE_MAX_BYTES = 128 * 1024;

const limits = volumeLimits({
  alignmentBytes: 512,
  compareAndWriteMaxBytes: MEMORY_COMPARE_AND_WRITE_MAX_BYTES,
  atomicBoundaryBytes: 4 * 1024 * 1024,
  optimalGranularityBytes: 4096,
  unmapGranularityBytes: 4096,
  volatileCache: true,
});

export interface MemoryStoreOptions {
  /** Each volume has an id, which it keeps when it is renamed. */
  readonly withIds?: boolean;
  /** The size of the largest possible volume. */
  readonly sizeMaxBytes?: number;
}

/** Volumes in this process's memory; every open of a name sees the same bytes. */
export class MemoryStore implements VolumeStore {
  readonly #volumes = new Map<string, Medium>();
  readonly #options: MemoryStoreOptions;
  #lastId = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
  }

  async create(
    name: string,
    sizeBytes: number,
    { layout = {}, disk }: CreateOptions = {},
  ): Promise<string | undefined> {
    refuseLayout(layout);
    const reason = await this.sizeRefusal(sizeBytes);
    if (reason !== undefined) throw new Failure('volumeBadSize', reason, { name });
    if (this.#volumes.has(name)) {
      throw new Failure('volumeExists', `a volume ${name} exists`, { name });
    }
    const id = this.#options.withIds === true ? String(++this.#lastId) : undefined;
    const medium = { bytes: new SparseBytes(), sizeBytes, open: new Set<MemoryVolume>(), id, disk };
    this.#volumes.set(name, medium);
    return id;
  }

  async sizeRefusal(sizeBytes: number): Promise<string | undefined> {
    const { sizeMaxBytes = Number.MAX_SAFE_INTEGER } = this.#options;
    if (sizeBytes <= 0 || sizeBytes % 512 !== 0) return 'a size is a multiple of 512 bytes';
    return sizeBytes <= sizeMaxBytes ? undefined : `at most ${sizeMaxBytes} bytes`;
  }

  async open(name: string, known?: KnownVolume): Promise<Volume> {
    return new MemoryVolume(this.#medium(name, known));
  }

  async resize(name: string, sizeBytes: number, options: ResizeOptions = {}): Promise<void> {
    const medium = this.#medium(name, options);
    if (options.mayShrink !== true) refuseShrinking(name, medium.sizeBytes, sizeBytes);
    if (sizeBytes < medium.sizeBytes) medium.bytes.zero(sizeBytes, medium.sizeBytes - sizeBytes);
    medium.sizeBytes = sizeBytes;
    for (const volume of medium.open) volume.resized();
  }

  async delete(name: string, known?: KnownVolume): Promise<void> {
    const medium = this.#medium(name, known);
    if (medium.open.size > 0) {
      throw new Failure('volumeInUse', `the volume ${name} is open`, { name });
    }
    for (const [key, each] of this.#volumes) if (each === medium) this.#volumes.delete(key);
  }

  async assign(name: string, disk: VolumeDisk, known?: KnownVolume): Promise<void> {
    this.#medium(name, known).disk = disk;
  }

  /** Like tools of the store, which may change a volume that is open. */
  rename(from: string, to: string): void {
    this.#volumes.set(to, this.#medium(from));
    this.#volumes.delete(from);
  }

  async list(): Promise<readonly VolumeEntry[]> {
    return [...this.#volumes]
      .map(([name, { sizeBytes, id, disk }]) => ({
        ...{ name, sizeBytes },
        ...(id === undefined ? {} : { id }),
        ...(disk === undefined ? {} : { disk }),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async names(): Promise<ReadonlyMap<string, string>> {
    return new Map([...this.#volumes].flatMap(([name, { id }]) => (id ? [[id, name]] : [])));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #medium(name: string, known: KnownVolume = {}): Medium {
    const all = [...this.#volumes.values()];
    const medium =
      known.id === undefined ? this.#volumes.get(name) : all.find(({ id }) => id === known.id);
    if (medium === undefined) {
      throw new Failure('volumeNotFound', `there is no volume ${name}`, { name });
    }
    checkDisk(name, medium.disk, known);
    return medium;
  }
}

interface Medium {
  readonly bytes: SparseBytes;
  sizeBytes: number;
  readonly open: Set<MemoryVolume>;
  readonly id: string | undefined;
  disk: VolumeDisk | undefined;
}

/** An open volume in memory. Everything completes at once. */
export class MemoryVolume implements Volume {
  readonly limits = limits;
  readonly #medium: Medium;
  readonly #listeners = new Set<(sizeBytes: number) => void>();
  readonly #inFlight = new InFlight();
  #ended: VolumeResult | undefined;

  constructor(medium: Medium) {
    this.#medium = medium;
    medium.open.add(this);
  }

  get sizeBytes(): number {
    return this.#medium.sizeBytes;
  }

  read(offset: number, into: readonly Uint8Array[]): VolumeResult {
    const refusal = this.#refusal(offset, lengthOf(into));
    if (refusal !== undefined) return refusal;
    let at = offset;
    for (const part of into) {
      this.#medium.bytes.read(at, part);
      at += part.length;
    }
    return DONE;
  }

  write(offset: number, from: readonly Uint8Array[], _options?: WriteOptions): VolumeResult {
    const refusal = this.#refusal(offset, lengthOf(from));
    if (refusal !== undefined) return refusal;
    let at = offset;
    for (const part of from) {
      this.#medium.bytes.write(at, part);
      at += part.length;
    }
    return DONE;
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): VolumeResult {
    const length = lengthOf(compare);
    const refusal =
      this.#refusal(offset, length) ?? atomicRefusal(limits, offset, length, lengthOf(write));
    if (refusal !== undefined) return refusal;
    const present = new Uint8Array(length);
    this.#medium.bytes.read(offset, present);
    const difference = firstDifference(present, compare);
    if (difference >= 0) return { status: 'miscompare', offset: difference };
    return this.write(offset, write, options);
  }

  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    _options?: WriteOptions,
  ): VolumeResult {
    const refusal = this.#refusal(offset, length) ?? patternRefusal(length, pattern.length);
    if (refusal !== undefined) return refusal;
    if (isZero(pattern)) return this.unmap(offset, length);
    for (let at = 0; at < length; at += pattern.length) {
      this.#medium.bytes.write(offset + at, pattern);
    }
    return DONE;
  }

  unmap(offset: number, length: number): VolumeResult {
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    this.#medium.bytes.zero(offset, length);
    return DONE;
  }

  writeZeroes(offset: number, length: number, _options?: WriteOptions): VolumeResult {
    return this.unmap(offset, length);
  }

  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): VolumeResult {
    if (!(source instanceof MemoryVolume)) return fault('unsupported');
    const refusal = source.#refusal(sourceOffset, length) ?? this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    const bytes = new Uint8Array(length);
    source.#medium.bytes.read(sourceOffset, bytes);
    return this.write(offset, [bytes], options);
  }

  flush(): VolumeResult {
    return this.#ended ?? DONE;
  }

  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return { result: refusal, extents: [] };
    return { result: DONE, extents: this.#medium.bytes.extents(offset, length, extentsMax) };
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  drain(): Promise<void> {
    return this.#inFlight.drain();
  }

  async fence(): Promise<VolumeResult> {
    this.#ended ??= fault('fenced');
    return DONE;
  }

  async reopen(): Promise<VolumeResult> {
    if (this.#ended?.status === 'fenced') this.#ended = undefined;
    return this.#ended ?? DONE;
  }

  async close(): Promise<void> {
    this.#ended = fault('closed');
    this.#listeners.clear();
    this.#medium.open.delete(this);
  }

  /** The store changed the size. */
  resized(): void {
    for (const listener of this.#listeners) listener(this.sizeBytes);
  }

  #refusal(offset: number, length: number): VolumeResult | undefined {
    return this.#ended ?? rangeRefusal(this, offset, length);
  }
}
