import type { Pending } from '../../src/base/pending.ts';
import { fault } from '../../src/volume/refusal.ts';
import type { Allocation, Volume, VolumeResult, WriteOptions } from '../../src/volume/volume.ts';
import type { MemoryVolume } from '../doubles/memory-volumes.ts';

/** A volume whose operations wait, while it is shut, until the test lets them go or fails them. */
export class GatedVolume implements Volume {
  shut = false;
  /** False: copies must be read and written. */
  copies = true;
  /** What operations end with instead of being done, while set. */
  fault: VolumeResult | undefined = undefined;
  /** Fences, and openings after one, wait for the test. A fence that ends drops what waits. */
  holdFences = false;
  holdReopens = false;
  /** False: a close does not wait for what is held. */
  closesInTime = true;
  fences = 0;
  readonly log: string[] = [];
  readonly #inner: MemoryVolume;
  readonly #held: Held[] = [];
  #endFence: (isDone: boolean) => void = () => {};
  #endReopen: () => void = () => {};

  constructor(inner: MemoryVolume) {
    this.#inner = inner;
  }

  get held(): number {
    return this.#held.length;
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  get limits() {
    return this.#inner.limits;
  }

  /** Lets the oldest operation that waits go on. */
  release(): void {
    this.#held.shift()?.go();
  }

  /** `isDone`: what changes the medium and waits ends `fenced`, as on a cluster. */
  endFence(isDone: boolean): void {
    this.#endFence(isDone);
  }

  endReopen(): void {
    this.#endReopen();
  }

  releaseAll(): void {
    this.shut = false;
    while (this.#held.length > 0) this.release();
  }

  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult> {
    return this.#gate(`read ${offset}`, () => this.#inner.read(offset, into));
  }

  write(offset: number, from: readonly Uint8Array[], options?: WriteOptions) {
    const name = options?.fua === true ? 'write fua' : 'write';
    return this.#gate(`${name} ${offset}`, () => this.#inner.write(offset, from, options));
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    return this.#gate(`compareAndWrite ${offset}`, () =>
      this.#inner.compareAndWrite(offset, compare, write, options),
    );
  }

  writeSame(offset: number, length: number, pattern: Uint8Array, options?: WriteOptions) {
    return this.#gate(`writeSame ${offset} ${length}`, () =>
      this.#inner.writeSame(offset, length, pattern, options),
    );
  }

  unmap(offset: number, length: number): Pending<VolumeResult> {
    return this.#gate(`unmap ${offset} ${length}`, () => this.#inner.unmap(offset, length));
  }

  writeZeroes(offset: number, length: number, options?: WriteOptions): Pending<VolumeResult> {
    return this.#gate(`writeZeroes ${offset} ${length}`, () =>
      this.#inner.writeZeroes(offset, length, options),
    );
  }

  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    if (!this.copies) return fault('unsupported');
    const inner = source instanceof GatedVolume ? source.#inner : source;
    return this.#gate(`copyFrom ${offset} ${length}`, () =>
      this.#inner.copyFrom(inner, sourceOffset, offset, length, options),
    );
  }

  flush(): Pending<VolumeResult> {
    return this.#gate('flush', () => this.#inner.flush());
  }

  allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    return this.#inner.allocation(offset, length, extentsMax);
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    return this.#inner.onResize(listener);
  }

  async drain(): Promise<void> {
    await Promise.all(this.#held.map(({ over }) => over));
    await this.#inner.drain();
  }

  fence(): Promise<VolumeResult> {
    this.fences++;
    if (!this.holdFences) return this.#inner.fence();
    return new Promise((resolve) => {
      this.#endFence = (isDone) => {
        if (!isDone) {
          resolve({ status: 'unsupported' });
          return;
        }
        const dropped = this.#held.filter(({ isRead }) => !isRead);
        for (const each of dropped) {
          this.#held.splice(this.#held.indexOf(each), 1);
          each.drop();
        }
        resolve(this.#inner.fence());
      };
    });
  }

  reopen(): Promise<VolumeResult> {
    if (!this.holdReopens) return this.#inner.reopen();
    return new Promise((resolve) => {
      this.#endReopen = () => resolve(this.#inner.reopen());
    });
  }

  /** Drains first, unless that takes too long. */
  async close(): Promise<void> {
    if (this.closesInTime) await this.drain();
    await this.#inner.close();
  }

  #gate(name: string, act: () => Pending<VolumeResult>): Pending<VolumeResult> {
    this.log.push(name);
    const { fault } = this;
    const perform = (): Pending<VolumeResult> => fault ?? act();
    if (!this.shut) return perform();
    const isRead = name.startsWith('read');
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const over = promise.then((goes): Pending<VolumeResult> => {
      return goes ? perform() : { status: 'fenced' };
    });
    this.#held.push({ isRead, over, go: () => resolve(true), drop: () => resolve(false) });
    return over;
  }
}

interface Held {
  readonly isRead: boolean;
  readonly over: Promise<VolumeResult>;
  readonly go: () => void;
  readonly drop: () => void;
}

/** What the volume has in these blocks of 512 bytes. */
export async function stored(
  volume: Pick<Volume, 'read'>,
  lba: number,
  blocks: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(blocks * 512);
  await volume.read(lba * 512, [bytes]);
  return bytes;
}
