import type { Clock } from '../../base/clock.ts';
import type { Pending } from '../../base/pending.ts';
import { lengthOf } from '../scatter.ts';
import type { Allocation, Volume, VolumeLimits, VolumeResult, WriteOptions } from '../volume.ts';

export type VolumeOperation =
  | 'read'
  | 'write'
  | 'compareAndWrite'
  | 'writeSame'
  | 'unmap'
  | 'writeZeroes'
  | 'copyFrom'
  | 'flush';

/**
 * Is told of the operations of a volume. It runs on the path of every command, so it must be quick.
 */
export interface VolumeProbe {
  onSubmitted(operation: VolumeOperation, lengthBytes: number): void;
  /** Measures every `TRANSFERS_PER_SAMPLE`th read or write, and each other operation. */
  onMeasured(operation: VolumeOperation, durationMs: number): void;
}

/** A promise more for each read and write would cost more than all that is counted. */
export const TRANSFERS_PER_SAMPLE = 16;

/** A volume around a volume, which it changes in nothing: it tells a probe what passes through. */
export class Stats implements Volume {
  readonly inner: Volume;
  readonly #probe: VolumeProbe;
  readonly #clock: Clock;
  #transfers = 0;

  constructor(inner: Volume, probe: VolumeProbe, clock: Clock) {
    this.inner = inner;
    this.#probe = probe;
    this.#clock = clock;
  }

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
    this.#probe.onSubmitted('read', lengthOf(into));
    if (!this.#isSample()) return this.inner.read(offset, into);
    return this.#measure('read', () => this.inner.read(offset, into));
  }

  write(
    offset: number,
    from: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    this.#probe.onSubmitted('write', lengthOf(from));
    if (!this.#isSample()) return this.inner.write(offset, from, options);
    return this.#measure('write', () => this.inner.write(offset, from, options));
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    this.#probe.onSubmitted('compareAndWrite', lengthOf(write));
    return this.#measure('compareAndWrite', () =>
      this.inner.compareAndWrite(offset, compare, write, options),
    );
  }

  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    this.#probe.onSubmitted('writeSame', length);
    return this.#measure('writeSame', () => this.inner.writeSame(offset, length, pattern, options));
  }

  unmap(offset: number, length: number): Pending<VolumeResult> {
    this.#probe.onSubmitted('unmap', length);
    return this.#measure('unmap', () => this.inner.unmap(offset, length));
  }

  writeZeroes(offset: number, length: number, options?: WriteOptions): Pending<VolumeResult> {
    this.#probe.onSubmitted('writeZeroes', length);
    return this.#measure('writeZeroes', () => this.inner.writeZeroes(offset, length, options));
  }

  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    options?: WriteOptions,
  ): Pending<VolumeResult> {
    const inner = source instanceof Stats ? source.inner : source;
    this.#probe.onSubmitted('copyFrom', length);
    return this.#measure('copyFrom', () =>
      this.inner.copyFrom(inner, sourceOffset, offset, length, options),
    );
  }

  flush(): Pending<VolumeResult> {
    this.#probe.onSubmitted('flush', 0);
    return this.#measure('flush', () => this.inner.flush());
  }

  allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    return this.inner.allocation(offset, length, extentsMax);
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    return this.inner.onResize(listener);
  }

  drain(): Promise<void> {
    return this.inner.drain();
  }

  fence(): Promise<VolumeResult> {
    return this.inner.fence();
  }

  reopen(): Promise<VolumeResult> {
    return this.inner.reopen();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #isSample(): boolean {
    this.#transfers = (this.#transfers + 1) % TRANSFERS_PER_SAMPLE;
    return this.#transfers === 0;
  }

  #measure(operation: VolumeOperation, submit: () => Pending<VolumeResult>): Pending<VolumeResult> {
    const startedMs = this.#clock.now();
    const ended = (result: VolumeResult): VolumeResult => {
      this.#probe.onMeasured(operation, this.#clock.now() - startedMs);
      return result;
    };
    const pending = submit();
    return pending instanceof Promise ? pending.then(ended) : ended(pending);
  }
}
