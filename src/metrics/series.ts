import { assert } from '../base/assert.ts';
import type { Metric } from './metric.ts';

/** A plain object: whoever counts keeps it, and adds to it. */
export interface Counter {
  value: number;
}

export function newCounter(): Counter {
  return { value: 0 };
}

/**
 * The series of one metric, by the values of its labels. A series is made when it is first asked
 * for; a counter on the path of commands asks once and keeps it, until `Metrics.generation` moves.
 */
export class Series<T> {
  readonly metric: Metric;
  readonly #make: () => T;
  readonly #byLabels = new Map<string, { readonly labels: readonly string[]; readonly value: T }>();

  constructor(metric: Metric, make: () => T) {
    this.metric = metric;
    this.#make = make;
  }

  of(...labels: readonly string[]): T {
    assert(labels.length === this.metric.labels.length, `${this.metric.name}: a value each label`);
    const key = labels.join('\0');
    let series = this.#byLabels.get(key);
    if (series === undefined) {
      series = { labels, value: this.#make() };
      this.#byLabels.set(key, series);
    }
    return series.value;
  }

  /** Drops what was counted under a value of that label that is not among these. */
  keep(label: string, values: ReadonlySet<string>): void {
    const at = this.metric.labels.indexOf(label);
    assert(at >= 0, `${this.metric.name} has the label ${label}`);
    for (const [key, { labels }] of this.#byLabels) {
      if (!values.has(labels[at]!)) this.#byLabels.delete(key);
    }
  }

  *[Symbol.iterator](): Iterator<readonly [labels: readonly string[], value: T]> {
    for (const { labels, value } of this.#byLabels.values()) yield [labels, value];
  }
}
