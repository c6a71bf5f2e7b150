// A reporter for `node --test` that writes one line of JSON for each failed test, so that `npm
// test` can name them all at its end, and one line for the cost of each file.

import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A test that failed: its place, its name, and the first line of the error. */
export interface FailedTest {
  /** The test file and line, from the working directory. */
  readonly place: string;
  readonly name: string;
  readonly message: string;
}

/** The cost of a test file, from the start of its process. */
export interface FileCost {
  readonly path: string;
  readonly seconds: number;
}

type Line = { readonly failed: FailedTest } | { readonly cost: FileCost };

interface Failure {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly details: { readonly error: { readonly message: string; readonly failureType?: string } };
}

interface Summary {
  /** Undefined in the summary of all files. */
  readonly file?: string;
  readonly duration_ms: number;
}

// biome-ignore lint/style/noDefaultExport: node takes a reporter from a module's default export.
export default async function* ringReport(
  events: AsyncIterable<{ readonly type: string; readonly data: unknown }>,
): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    const line =
      type === 'test:fail'
        ? failedTest(data as Failure)
        : type === 'test:summary'
          ? fileCost(data as Summary)
          : undefined;
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}

function failedTest({ name, file, line, details }: Failure): Line | undefined {
  // A suite fails because of its tests, which have their own lines.
  if (details.error.failureType === 'subtestsFailed') return undefined;
  const path = file === undefined ? 'unknown file' : relative(process.cwd(), file);
  const place = line === undefined ? path : `${path}:${line}`;
  const message = details.error.message.trimStart().split('\n', 1)[0] ?? '';
  return { failed: { place, name, message } };
}

function fileCost({ file, duration_ms: durationMs }: Summary): Line | undefined {
  if (file === undefined) return undefined;
  return { cost: { path: relative(process.cwd(), file), seconds: durationMs / 1000 } };
}

/** The reports of all runs of a ring, in the files of this folder; the slowest file first. */
export function readRingReport(folder: string): {
  readonly failedTests: readonly FailedTest[];
  readonly fileCosts: readonly FileCost[];
} {
  const texts = globSync('*', { cwd: folder })
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const lines = texts
    .flatMap((text) => text.split('\n'))
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);
  return {
    failedTests: lines.flatMap((line) => ('failed' in line ? [line.failed] : [])),
    fileCosts: lines
      .flatMap((line) => ('cost' in line ? [line.cost] : []))
      .sort((a, b) => b.seconds - a.seconds),
  };
}
