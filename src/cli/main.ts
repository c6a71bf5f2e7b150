import { Failure } from '../base/failure.ts';
import { systemMessage, systemReason } from '../base/system-reason.ts';
import { writeError } from '../host/journal.ts';
import { setProcessTitle } from '../host/process-title.ts';
import { ExitCode } from './command-spec.ts';
import { helpHint } from './help-words.ts';
import { liveLine } from './live-line.ts';
import { parseCommandLine } from './program.ts';
import { UsageError } from './usage-error.ts';

/** How long work in progress may keep a process whose command has ended. */
const LINGER_MAX_MS = 1_000;

setProcessTitle('allpath', process.argv.slice(2));
// The reader of the output may leave before its end (`| head`); a command still completes its work.
// The demo, whose purpose is its output, handles that itself. Output that a full file system did
// not accept is a failure: it may be the backup of the document.
let lostOutput: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || lostOutput !== undefined) return;
  lostOutput = error;
  const { code, syscall } = error;
  const message = `the output could not be written: ${systemReason(error)}`;
  const cause = new Failure('systemError', message, { errno: code, syscall });
  process.exitCode = reportError(cause, process.argv.slice(2));
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
    return reportError(error, words);
  }
}

/** Errors go to standard error: a sentence, or with --json one JSON value. */
function reportError(error: unknown, words: readonly string[]): number {
  const json = words.includes('--json');
  liveLine.end();
  const isUsage = error instanceof UsageError || isWrongInput(error);
  const { code, data, message } = describe(error);
  if (json) {
    const value = {
      error: { code: isUsage ? 'usage' : code, message, ...dataOf(isUsage ? {} : data) },
    };
    writeError(`${JSON.stringify(value)}\n`);
  } else {
    writeError(`allpath: ${message}\n`);
    // A defect of ours: where it happened is what a report needs.
    if (code === 'defect' && !isUsage && error instanceof Error) {
      writeError(`${error.stack ?? ''}\n`);
    }
    if (isUsage) writeError(`${helpHint(words)}\n`);
  }
  return isUsage ? ExitCode.usage : ExitCode.failure;
}

/** A use case refused what the command line asks for, before it did anything. */
function isWrongInput(error: unknown): boolean {
  return error instanceof Failure && error.code === 'diskInvalid';
}

/** A refusal of the kernel, such as a full file system, is not a defect. */
function describe(error: unknown): Pick<Failure, 'code' | 'data' | 'message'> {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error)) return { code: 'defect', data: {}, message: String(error) };
  const { code, syscall, path, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return { code: 'defect', data: {}, message };
  return {
    code: 'systemError',
    data: { errno: code, syscall, path },
    message: systemMessage(error),
  };
}

function dataOf(data: Readonly<Record<string, unknown>>): object {
  return Object.keys(data).length === 0 ? {} : { data };
}
