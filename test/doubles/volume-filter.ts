import type { Pending } from '../../src/base/pending.ts';
import type { VolumeOperation } from '../../src/volume/filters/stats.ts';
import { InFlight } from '../../src/volume/in-flight.ts';
import { fault } from '../../src/volume/refusal.ts';
import type {
  Allocation,
  Volume,
  VolumeLimits,
  VolumeResult,
  WriteOptions,
} from '../../src/volume/volume.ts';

/**
 * A volume around a volume: every operation passes through `around`, other calls go straight
 * through. A filter may hold back an operation; one that it holds across a fence never reaches the
 * inner volume.
 */
export abstract class VolumeFilter implements Volume {
  protected readonly inner: Volume;
  readonly #inFlight = new InFlight();
  /** Fences so far: operations from before the last one are over. */
  #fences = 0;
  /** Fenced or closed: the inner volume reports that itself, and no filter may change it. */
  #isEnded = false;

  constructor(inner: Volume) {
    this.inner = inner;
  }

  /** Decides whether and when `submit` is called, and may change its result. */
  protected abstract around(
    operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Pending<VolumeResult>;

  get sizeBytes(): number {
    return this.inner.sizeBytes;
  }

  get limits(): VolumeLimits {
    return this.inner.limits;
  }

  get unservable(): string | undefined {
    return this.inner.unservable;
  }

  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult> {
    return this.#pass('read', () => this.inner.read(offset, into));
  }

  write(
    offset: number,
    from: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    return this.#pass('write', () => this.inner.write(offset, from, options));
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    return this.#pass('compareAndWrite', () =>
      this.inner.compareAndWrite(offset, compare, write, options),
    );
  }

  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    return this.#pass('writeSame', () => this.inner.writeSame(offset, length, pattern, options));
  }

  unmap(offset: number, length: number): Pending<VolumeResult> {
    return this.#pass('unmap', () => this.inner.unmap(offset, length));
  }

  writeZeroes(offset: number, length: number, options?: WriteOptions): Pending<VolumeResult> {
    return this.#pass('writeZeroes', () => this.inner.writeZeroes(offset, length, options));
  }

  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    const inner = source instanceof VolumeFilter ? source.inner : source;
    return this.#pass('copyFrom', () =>
      this.inner.copyFrom(inner, sourceOffset, offset, length, options),
    );
  }

  flush(): Pending<VolumeResult> {
    return this.#pass('flush', () => this.inner.flush());
  }

  allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    return this.inner.allocation(offset, length, extentsMax);
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    return this.inner.onResize(listener);
  }

  async drain(): Promise<void> {
    await this.#inFlight.drain();
    await this.inner.drain();
  }

  fence(): Promise<VolumeResult> {
    this.#fences += 1;
    this.#isEnded = true;
    return this.inner.fence();
  }

  async reopen(): Promise<VolumeResult> {
    const result = await this.inner.reopen();
    if (result.status === 'done') this.#isEnded = false;
    return result;
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    await this.#inFlight.drain();
    await this.inner.close();
  }

  #pass(operation: VolumeOperation, submit: () => Pending<VolumeResult>): Pending<VolumeResult> {
    if (this.#isEnded) return submit();
    const fences = this.#fences;
    const result = this.around(operation, () => (fences === this.#fences ? submit() : FENCED));
    if (!(result instanceof Promise)) return result;
    const epoch = this.#inFlight.begin();
    return result.finally(() => this.#inFlight.end(epoch));
  }
}

const FENCED = fault('fenced');
