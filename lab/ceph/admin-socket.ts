import { connect } from 'node:net';
import { Failure } from '../../src/base/failure.ts';
import { systemReason } from '../../src/base/system-reason.ts';

const ANSWER_LIMIT_MS = 30_000;
const ANSWER_MAX_BYTES = 64 * 2 ** 20;
/** The length of the answer, big-endian, before the answer. */
const HEADER_LENGTH_BYTES = 4;

/** A command of a daemon: `{ prefix: 'config set', var: 'paxos_propose_interval', val: ['1'] }`. */
export type DaemonCommand = { readonly prefix: string } & Readonly<Record<string, unknown>>;

/**
 * The answer of a daemon on its admin socket, decoded from JSON: `config set`, `perf dump`,
 * `dump_ops_in_flight`. Needs no monitor and no key. Throws `cephDaemonSilent` if there is no
 * answer in time, and `cephCommandFailed` if the daemon refuses.
 */
export async function askDaemon(path: string, command: DaemonCommand): Promise<unknown> {
  const bytes = await exchange(
    path,
    Buffer.from(`${JSON.stringify({ format: 'json', ...command })}\0`),
  );
  const text = bytes.subarray(HEADER_LENGTH_BYTES).toString('utf8');
  const answer: unknown = text === '' ? {} : parse(text, command);
  if (isObject(answer) && typeof answer['error'] === 'string') {
    throw failure('cephCommandFailed', command, answer['error']);
  }
  return answer;
}

function parse(text: string, command: DaemonCommand): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // An error is plain text instead of JSON.
    throw failure('cephCommandFailed', command, text.trim());
  }
}

function exchange(path: string, question: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const socket = connect(path);
    const give = (problem: string): void => {
      socket.destroy();
      reject(new Failure('cephDaemonSilent', `${path}: ${problem}`));
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => give(`no answer within ${ANSWER_LIMIT_MS} ms`));
    socket.once('error', (error) => give(systemReason(error)));
    socket.on('data', (chunk) => {
      length += chunk.length;
      if (length > ANSWER_MAX_BYTES) give('an answer without end');
      else chunks.push(Buffer.from(chunk));
    });
    socket.once('end', () => {
      if (length < HEADER_LENGTH_BYTES) give('closed without an answer');
      else resolve(Buffer.concat(chunks));
    });
    // The socket is not ended, because the daemon reads until the zero.
    socket.write(question);
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function failure(code: string, { prefix }: DaemonCommand, why: string): Failure {
  return new Failure(code, `the daemon did not do "${prefix}": ${why}`, { command: prefix });
}
