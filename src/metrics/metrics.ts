import { catalogue } from './catalogue.ts';
import { Histogram } from './histogram.ts';
import { newCounter, Series } from './series.ts';

/** What one gateway has counted: the series of every metric of the catalogue. */
export class Metrics {
  readonly commands = new Series(catalogue.commands, newCounter);
  readonly commandBytes = new Series(catalogue.commandBytes, newCounter);
  readonly commandsAborted = new Series(catalogue.commandsAborted, newCounter);
  readonly diskCommands = new Series(catalogue.diskCommands, newCounter);
  readonly diskErrors = new Series(catalogue.diskErrors, newCounter);
  readonly diskSeconds = new Series(catalogue.diskSeconds, () => new Histogram());
  readonly volumeOperations = new Series(catalogue.volumeOperations, newCounter);
  readonly volumeBytes = new Series(catalogue.volumeBytes, newCounter);
  readonly volumeSeconds = new Series(catalogue.volumeSeconds, () => new Histogram());

  /** Counts up when series are dropped: whoever keeps some looks them up again. */
  generation = 0;

  /** Drops what was counted under a value of that label that is not among these. */
  keep(label: string, values: ReadonlySet<string>): void {
    this.generation++;
    for (const each of Object.values(this)) {
      if (each instanceof Series && each.metric.labels.includes(label)) each.keep(label, values);
    }
  }
}
