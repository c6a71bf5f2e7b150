import { type Clock, sleep } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { InFlight } from '../../src/volume/in-flight.ts';
import { fault } from '../../src/volume/refusal.ts';
import type {
  Allocation,
  CreateOptions,
  DeleteOptions,
  KnownVolume,
  Volume,
  VolumeDisk,
  VolumeEntry,
  VolumeLimits,
  VolumeResult,
  VolumeStore,
  WriteOptions,
} from '../../src/volume/volume.ts';
import { DONE } from '../../src/volume/volume.ts';

/** How late a medium is. */
export interface Lateness {
  /** Resolves when an operation that is submitted now lands. */
  landing(): Promise<void>;
  /** Resolves when the result of an operation that has just landed arrives. */
  result(): Promise<void>;
}

/** Operations land late and out of order, and their results arrive later still. */
export function randomLateness(
  clock: Clock,
  random: Random,
  { landingMaxMs, resultMaxMs }: { readonly landingMaxMs: number; readonly resultMaxMs: number },
): Lateness {
  return {
    landing: () => sleep(clock, random.below(landingMaxMs + 1)),
    result: () => sleep(clock, random.below(resultMaxMs + 1)),
  };
}

/**
 * The volumes of another store behind a late medium, like a cluster. Every open volume has a client
 * instance, which a fence ends: operations that an instance has on their way at its fence never
 * land, however late they arrive.
 */
export class LateVolumes implements VolumeStore {
  readonly #inner: VolumeStore;
  readonly #lateness: Lateness;

  constructor(inner: VolumeStore, lateness: Lateness) {
    this.#inner = inner;
    this.#lateness = lateness;
  }

  create(name: string, sizeBytes: number, options?: CreateOptions): Promise<string | undefined> {
    return this.#inner.create(name, sizeBytes, options);
  }

  sizeRefusal(sizeBytes: number): Promise<string | undefined> {
    return this.#inner.sizeRefusal(sizeBytes);
  }

  async open(name: string, known?: KnownVolume): Promise<Volume> {
    const openInner = (): Promise<Volume> => this.#inner.open(name, known);
    return new LateVolume(openInner, await openInner(), this.#lateness);
  }

  resize(name: string, sizeBytes: number, known?: KnownVolume): Promise<void> {
    return this.#inner.resize(name, sizeBytes, known);
  }

  delete(name: string, options?: DeleteOptions): Promise<void> {
    return this.#inner.delete(name, options);
  }

  assign(name: string, disk: VolumeDisk, known?: KnownVolume): Promise<void> {
    return this.#inner.assign(name, disk, known);
  }

  list(): Promise<readonly VolumeEntry[]> {
    return this.#inner.list();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** An open inner volume, and the operations on their way to it. */
class ClientInstance {
  readonly volume: Volume;
  readonly #fenced = Promise.withResolvers<void>();
  #isFenced = false;

  constructor(volume: Volume) {
    this.volume = volume;
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  fence(): void {
    this.#isFenced = true;
    this.#fenced.resolve();
  }

  /** Resolves with `late`, or when this instance is fenced. */
  async await(late: Promise<void>): Promise<void> {
    await Promise.race([late, this.#fenced.promise]);
  }
}

class LateVolume implements Volume {
  readonly #openInner: () => Promise<Volume>;
  readonly #lateness: Lateness;
  readonly #inFlight = new InFlight();
  readonly #listeners = new Set<(sizeBytes: number) => void>();
  #instance: ClientInstance;
  #isClosed = false;

  constructor(openInner: () => Promise<Volume>, inner: Volume, lateness: Lateness) {
    this.#openInner = openInner;
    this.#lateness = lateness;
    this.#instance = this.#instanceOf(inner);
  }

  get sizeBytes(): number {
    return this.#instance.volume.sizeBytes;
  }

  get limits(): VolumeLimits {
    return this.#instance.volume.limits;
  }

  read(offset: number, into: readonly Uint8Array[]): Promise<VolumeResult> {
    return this.#submit((volume) => volume.read(offset, into));
  }

  write(
    offset: number,
    from: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<VolumeResult> {
    return this.#submit((volume) => volume.write(offset, from, options));
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<VolumeResult> {
    return this.#submit((volume) => volume.compareAndWrite(offset, compare, write, options));
  }

  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    options?: WriteOptions,
  ): Promise<VolumeResult> {
    return this.#submit((volume) => volume.writeSame(offset, length, pattern, options));
  }

  unmap(offset: number, length: number): Promise<VolumeResult> {
    return this.#submit((volume) => volume.unmap(offset, length));
  }

  writeZeroes(offset: number, length: number, options?: WriteOptions): Promise<VolumeResult> {
    return this.#submit((volume) => volume.writeZeroes(offset, length, options));
  }

  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): Promise<VolumeResult> {
    const inner = source instanceof LateVolume ? source.#instance.volume : source;
    return this.#submit((volume) => volume.copyFrom(inner, sourceOffset, offset, length, options));
  }

  flush(): Promise<VolumeResult> {
    return this.#submit((volume) => volume.flush());
  }

  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    const ended = this.#ended;
    if (ended !== undefined) return { result: ended, extents: [] };
    return await this.#instance.volume.allocation(offset, length, extentsMax);
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  drain(): Promise<void> {
    return this.#inFlight.drain();
  }

  async fence(): Promise<VolumeResult> {
    this.#instance.fence();
    return DONE;
  }

  async reopen(): Promise<VolumeResult> {
    if (!this.#instance.isFenced || this.#isClosed) return this.#ended ?? DONE;
    const { volume } = this.#instance;
    this.#instance = this.#instanceOf(await this.#openInner());
    await volume.close();
    return DONE;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    await this.drain();
    await this.#instance.volume.close();
  }

  get #ended(): VolumeResult | undefined {
    if (this.#isClosed) return CLOSED;
    return this.#instance.isFenced ? FENCED : undefined;
  }

  #instanceOf(volume: Volume): ClientInstance {
    volume.onResize((sizeBytes) => {
      for (const listener of this.#listeners) listener(sizeBytes);
    });
    return new ClientInstance(volume);
  }

  async #submit(
    operation: (volume: Volume) => VolumeResult | Promise<VolumeResult>,
  ): Promise<VolumeResult> {
    const ended = this.#ended;
    if (ended !== undefined) return ended;
    const instance = this.#instance;
    const epoch = this.#inFlight.begin();
    try {
      await instance.await(this.#lateness.landing());
      if (instance.isFenced) return FENCED;
      const result = await operation(instance.volume);
      await instance.await(this.#lateness.result());
      // It landed, but was not reported before the fence: its outcome stays unknown.
      return instance.isFenced ? FENCED : result;
    } finally {
      this.#inFlight.end(epoch);
    }
  }
}

const FENCED = fault('fenced');
const CLOSED = fault('closed');
