import { fstatSync } from 'node:fs';
import type { LogLevel } from '../log/log-event.ts';

export const STANDARD_ERROR = 2;

/** Priorities of syslog, as sd-daemon(3) has them at the start of a line. */
const PREFIXES: Readonly<Record<LogLevel, string>> = {
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
};

/**
 * Whether output to this descriptor goes to systemd's journal. JOURNAL_STREAM alone does not prove
 * that, because it is inherited where the output is redirected (systemd.exec(5)).
 */
export function isJournal(descriptor: number): boolean {
  const stream = process.env['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    // A closed descriptor.
    return false;
  }
}

/** These whole lines as the journal takes them: each with its priority, which it cuts off. */
export function forJournal(lines: string, level: LogLevel): string {
  return lines.replace(/^(?=.)/gm, PREFIXES[level]);
}

/** Writes what went wrong, in whole lines, to standard error. */
export function writeError(lines: string): void {
  process.stderr.write(isJournal(STANDARD_ERROR) ? forJournal(lines, 'error') : lines);
}
