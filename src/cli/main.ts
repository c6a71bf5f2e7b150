import { Failure } from '../base/failure.ts';
import { writeError } from '../host/journal.ts';
import { setProcessTitle } from '../host/process-title.ts';
import { ExitCode } from './command-spec.ts';
import { liveLine } from './live-line.ts';
import { parseCommandLine } from './program.ts';
import { UsageError } from './usage-error.ts';

/** How long what is still under way may keep a process whose command has ended. */
const LINGER_MAX_MS = 1_000;

setProcessTitle('allpath', process.argv.slice(2));
// Whoever read the output may leave before its end (`| head`): what a command does, it does whole.
// The demo, which is there to be seen, listens itself. Output that a full file system did not take
// is no success: it may be the backup of the document.
let lostOutput: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || lostOutput !== undefined) return;
  lostOutput = error;
  const reason = `the output could not be written: ${error.message}`;
  const { errno, code, syscall } = error;
  const cause = Object.assign(new Error(reason), { errno, code, syscall });
  process.exitCode = complain(cause, process.argv.includes('--json'));
});
process.stderr.on('error', () => {});
const exitCode = await main(process.argv.slice(2));
if (lostOutput === undefined) process.exitCode = exitCode;
// An operation that a silent cluster does not end would keep the process.
setTimeout(() => process.exit(), LINGER_MAX_MS).unref();

async function main(words: readonly string[]): Promise<number> {
  const json = words.includes('--json');
  try {
    const parsed = parseCommandLine(words, { out: (text) => process.stdout.write(text) });
    if (parsed.kind === 'shown') return ExitCode.ok;
    const { spec, arguments: args, options, store } = parsed.request;
    const run = await spec.load();
    return await run({ arguments: args, options, store, json });
  } catch (error) {
    return complain(error, json);
  }
}

/** What went wrong goes to standard error: a sentence, or with --json one JSON value. */
function complain(error: unknown, json: boolean): number {
  liveLine.end();
  const isUsage = error instanceof UsageError;
  const { code, data } = describe(error);
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const value = { error: { code: isUsage ? 'usage' : code, message, ...dataOf(data) } };
    writeError(`${JSON.stringify(value)}\n`);
  } else {
    writeError(`allpath: ${message}\n`);
    // A defect of ours: where it happened is what a report needs.
    if (code === 'defect' && !isUsage && error instanceof Error) {
      writeError(`${error.stack ?? ''}\n`);
    }
    if (isUsage) writeError('Try "allpath --help".\n');
  }
  return isUsage ? ExitCode.usage : ExitCode.failure;
}

/** What the kernel refuses, a full file system for example, is no defect. */
function describe(error: unknown): Pick<Failure, 'code' | 'data'> {
  if (error instanceof Failure) return error;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return { code: 'defect', data: {} };
  return { code: 'systemError', data: { errno: code, syscall, path } };
}

function dataOf(data: Readonly<Record<string, unknown>>): object {
  return Object.keys(data).length === 0 ? {} : { data };
}
