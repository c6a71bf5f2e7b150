import { type Logger, pino } from 'pino';
import type { Log, LogFields } from '../base/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * A log that writes one JSON line a message to a file descriptor: standard error unless given,
 * since standard output belongs to what a command answers.
 */
export function logOutput(level: LogLevel, fields: LogFields = {}, descriptor = 2): Log {
  // Synchronous: the last words of a process that ends must not be lost.
  const destination = pino.destination({ dest: descriptor, sync: true });
  const base = { pid: process.pid, ...fields };
  return wrap(pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination));
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    child: (fields) => wrap(logger.child({ ...fields })),
  };
}
