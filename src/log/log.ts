import type { LogEventFields, LogEventName } from './catalogue.ts';
import type { LogFieldName, LogFieldValue } from './log-fields.ts';

/** Where a part reports what an operator should know. A field must never hold a secret. */
export interface Log {
  /** `repeats`: the line is there for that many, of which it has the fields of the first. */
  write<Name extends LogEventName>(
    event: Name,
    fields: LogEventFields<Name>,
    repeats?: LogRepeats,
  ): void;
  /** A log that adds these fields to every line. */
  child(fields: LogFields): Log;
}

export interface LogRepeats {
  readonly count: number;
  /** The time in which they came. */
  readonly seconds: number;
}

export type LogFields = { readonly [Name in LogFieldName]?: LogFieldValue<Name> };

/** Says nothing. */
export const silentLog: Log = {
  write() {},
  child: () => silentLog,
};
