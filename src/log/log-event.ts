import { assert } from '../base/assert.ts';
import type { LogFieldName } from './log-fields.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A field of an event; one with `?` is in its line only where it is known. */
type GivenField = LogFieldName | `${LogFieldName}?`;

/** A row of the catalogue: what a line of the log can report. */
export interface LogEvent<Field extends GivenField = GivenField> {
  readonly level: LogLevel;
  /** The message of the line. It may change; the name of the event may not. */
  readonly sentence: string;
  /** Why it happens, and what follows from it. */
  readonly meaning: string;
  /** What an operator does about it, if anything. */
  readonly remedy?: string;
  readonly fields: readonly Field[];
}

const SENTENCE = /^[a-z].*[^.]$/;
const TEXT = /^[`A-Z].*\.$/;

/** A row, checked when the program loads. */
export function logEvent<const Field extends GivenField>(row: LogEvent<Field>): LogEvent<Field> {
  const { level, sentence, meaning, remedy, fields } = row;
  assert(SENTENCE.test(sentence), `a message begins small and has no full stop: ${sentence}`);
  assert(TEXT.test(meaning), `a meaning is in whole sentences: ${meaning}`);
  assert(remedy === undefined || TEXT.test(remedy), `a remedy is in whole sentences: ${remedy}`);
  const isTrouble = level === 'warn' || level === 'error';
  assert(!isTrouble || remedy !== undefined, `a line at ${level} has a remedy: ${sentence}`);
  const names = fields.map((field) => field.replace(/\?$/, ''));
  assert(new Set(names).size === names.length, `each field is there once: ${sentence}`);
  return Object.freeze(row);
}
