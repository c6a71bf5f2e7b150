import { catalogue, type LogEventFields, type LogEventName } from '../../src/log/catalogue.ts';
import type { Log, LogFields, LogRepeats } from '../../src/log/log.ts';
import type { LogLevel } from '../../src/log/log-event.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly event: LogEventName;
  readonly fields: LogFields;
}

/** A log that keeps its lines, also those of its children. */
export class RecordingLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(fields: LogFields = {}, lines: LogLine[] = []) {
    this.#fields = fields;
    this.lines = lines;
  }

  write<Name extends LogEventName>(
    event: Name,
    fields: LogEventFields<Name>,
    repeats?: LogRepeats,
  ): void {
    const { level } = catalogue[event];
    this.lines.push({ level, event, fields: { ...this.#fields, ...fields, ...repeats } });
  }

  child(fields: LogFields): Log {
    return new RecordingLog({ ...this.#fields, ...fields }, this.lines);
  }
}
