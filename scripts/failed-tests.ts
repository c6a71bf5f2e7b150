// A reporter for `node --test` that keeps, beside what the ring prints, one line of JSON for each
// failed test, so that `npm test` can name them all at its end.

import { relative } from 'node:path';

/** A test that failed: where it stands, its name, and the first line of what was wrong. */
export interface FailedTest {
  /** The test file and line, from the working directory. */
  readonly place: string;
  readonly name: string;
  readonly message: string;
}

interface Failure {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly details: { readonly error: { readonly message: string; readonly failureType?: string } };
}

// biome-ignore lint/style/noDefaultExport: node takes a reporter from a module's default export.
export default async function* failedTests(
  events: AsyncIterable<{ readonly type: string; readonly data: unknown }>,
): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const { name, file, line, details } = data as Failure;
    // A suite fails because of the tests in it, which have lines of their own.
    if (details.error.failureType === 'subtestsFailed') continue;
    const path = file === undefined ? 'unknown file' : relative(process.cwd(), file);
    const failed: FailedTest = {
      place: line === undefined ? path : `${path}:${line}`,
      name,
      message: details.error.message.trimStart().split('\n', 1)[0] ?? '',
    };
    yield `${JSON.stringify(failed)}\n`;
  }
}
