import { hostname } from 'node:os';
import type { ProcessFacts } from '../base/process-facts.ts';

/** Of the process that asks. */
export const processFacts: ProcessFacts = {
  pid: process.pid,
  host: hostname(),
  utc: () => new Date().toISOString(),
  utcMs: () => Date.now(),
  residentBytes: () => process.memoryUsage.rss(),
};
