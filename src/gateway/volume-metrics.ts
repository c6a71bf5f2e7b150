import type { Histogram } from '../metrics/histogram.ts';
import { labelValue } from '../metrics/label-value.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Counter } from '../metrics/series.ts';
import type { VolumeOperation, VolumeProbe } from '../volume/filters/stats.ts';

/** Where one operation on one volume is counted. */
interface OperationSeries {
  readonly operations: Counter;
  readonly bytes: Counter;
  readonly seconds: Histogram;
}

/** Counts the operations of one volume. */
export class VolumeMetrics implements VolumeProbe {
  readonly #metrics: Metrics;
  readonly #volume: string;
  readonly #series = new Map<VolumeOperation, OperationSeries>();
  /** The series of the last operation, which usually serves the next one as well. */
  #operation: VolumeOperation | undefined = undefined;
  #last: OperationSeries | undefined = undefined;
  #generation = -1;

  constructor(metrics: Metrics, volume: string) {
    this.#metrics = metrics;
    this.#volume = volume;
  }

  onSubmitted(operation: VolumeOperation, lengthBytes: number): void {
    const { operations, bytes } = this.#seriesOf(operation);
    operations.value++;
    bytes.value += lengthBytes;
  }

  onMeasured(operation: VolumeOperation, durationMs: number): void {
    this.#seriesOf(operation).seconds.observe(durationMs);
  }

  #seriesOf(operation: VolumeOperation): OperationSeries {
    const isSame = operation === this.#operation && this.#generation === this.#metrics.generation;
    return isSame && this.#last !== undefined ? this.#last : this.#select(operation);
  }

  #select(operation: VolumeOperation): OperationSeries {
    const { generation } = this.#metrics;
    if (this.#generation !== generation) this.#series.clear();
    this.#generation = generation;
    this.#operation = operation;
    this.#last = this.#series.get(operation) ?? this.#add(operation);
    return this.#last;
  }

  #add(operation: VolumeOperation): OperationSeries {
    const { volumeOperations, volumeBytes, volumeSeconds } = this.#metrics;
    const labels = [this.#volume, labelValue(operation)] as const;
    const series = {
      operations: volumeOperations.of(...labels),
      bytes: volumeBytes.of(...labels),
      seconds: volumeSeconds.of(...labels),
    };
    this.#series.set(operation, series);
    return series;
  }
}
