import { type DestinationStream, type Logger, pino } from 'pino';
import { catalogue } from '../log/catalogue.ts';
import type { Log, LogFields } from '../log/log.ts';
import type { LogLevel } from '../log/log-event.ts';
import { forJournal, isJournal, STANDARD_ERROR } from './journal.ts';

/**
 * A log that writes one JSON line a message to a file descriptor: standard error unless given,
 * since standard output belongs to what a command answers. Lines to systemd's journal begin with
 * their priority. `around` runs each write, where a line of the terminal has to make room.
 */
export function logOutput(
  level: LogLevel,
  fields: LogFields = {},
  descriptor = STANDARD_ERROR,
  around?: (write: () => void) => void,
): Log {
  // Synchronous: the last words of a process that ends must not be lost.
  const file = pino.destination({ dest: descriptor, sync: true });
  const destination: DestinationStream =
    around === undefined ? file : { write: (line) => around(() => file.write(line)) };
  const base = { pid: process.pid, ...fields };
  const options = { level, base, timestamp: pino.stdTimeFunctions.isoTime };
  return wrap(pino(options, isJournal(descriptor) ? withPriority(destination) : destination));
}

function withPriority(destination: DestinationStream): DestinationStream {
  const stream = {
    // Asks pino to note the level of each line in `lastLevel` before it writes it.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      const level = pino.levels.labels[this.lastLevel] as LogLevel;
      destination.write(forJournal(line, level));
    },
  };
  return stream;
}

function wrap(logger: Logger): Log {
  return {
    write: (event, fields, repeats) => {
      const { level, sentence } = catalogue[event];
      const message = repeats === undefined ? sentence : `${sentence} (repeated)`;
      const line: object = { event, ...fields, ...repeats };
      logger[level](line, message);
    },
    child: (fields) => wrap(logger.child({ ...fields })),
  };
}
