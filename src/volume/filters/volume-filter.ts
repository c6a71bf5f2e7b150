import type { Pending } from '../../base/pending.ts';
import { InFlight } from '../in-flight.ts';
import type { Allocation, Volume, VolumeLimits, VolumeResult, WriteOptions } from '../volume.ts';

export type VolumeOperation =
  | 'read'
  | 'write'
  | 'compareAndWrite'
  | 'writeSame'
  | 'unmap'
  | 'writeZeroes'
  | 'flush';

/** A volume around a volume: every operation passes through `around`, the rest goes straight. */
export abstract class VolumeFilter implements Volume {
  protected readonly inner: Volume;
  readonly #inFlight = new InFlight();

  constructor(inner: Volume) {
    this.inner = inner;
  }

  /** Decides when and whether `submit` is called, and what becomes of its result. */
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
    return this.inner.fence();
  }

  reopen(): Promise<VolumeResult> {
    return this.inner.reopen();
  }

  async close(): Promise<void> {
    await this.#inFlight.drain();
    await this.inner.close();
  }

  #pass(operation: VolumeOperation, submit: () => Pending<VolumeResult>): Pending<VolumeResult> {
    const result = this.around(operation, submit);
    if (!(result instanceof Promise)) return result;
    const epoch = this.#inFlight.begin();
    return result.finally(() => this.#inFlight.end(epoch));
  }
}
