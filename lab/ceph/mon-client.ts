import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../src/base/failure.ts';
import { tiedCommand } from '../../src/host/tied-command.ts';
import { cephEnvironment } from './program-run.ts';

/** Commands that wait for an answer. */
const WAITING_MAX = 1_000;

/** A command of the monitor: `{ prefix: 'osd pool create', pool: 'a', pg_num: 8 }`. */
export type MonCommand = { readonly prefix: string } & Readonly<Record<string, unknown>>;

export interface MonQuestion {
  readonly id: number;
  readonly command: MonCommand;
}

export interface MonAnswer {
  readonly id: number;
  /** 0, or a negative errno. */
  readonly code: number;
  readonly output: string;
  /** What the monitor says in words. */
  readonly status: string;
}

interface Waiting {
  readonly command: MonCommand;
  readonly resolve: (answer: MonAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Sends commands to the monitor of a cluster, as administrator, one after the other. */
export class MonClient {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<unknown>;
  #lastId = 0;
  #isClosed = false;

  /** The connection is made with the first command. */
  constructor(conf: string, user = 'client.admin') {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const main = fileURLToPath(new URL(`./mon-command-process${extension}`, import.meta.url));
    this.#child = spawn(...tiedCommand(process.execPath, [main, conf, user]), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
      env: cephEnvironment(),
    });
    this.#ended = once(this.#child, 'exit').catch(() => {});
    this.#child.on('message', (message) => this.#receive(message as MonAnswer));
    this.#child.once('error', () => this.#lose());
    this.#child.once('exit', () => this.#lose());
  }

  /**
   * The answer of the monitor. Throws `cephCommandFailed` (data: `errno`, positive) if it refuses,
   * or does not answer within `limitMs`: then it is unknown whether the command was executed.
   */
  async ask(command: MonCommand, limitMs: number): Promise<string> {
    const { code, output, status } = await this.#answer(command, limitMs);
    if (code === 0) return output;
    throw commandFailure(command, `${status} (errno ${-code})`, -code);
  }

  /** `ask` for an answer in JSON. */
  async askJson(command: MonCommand, limitMs: number): Promise<unknown> {
    return JSON.parse(await this.ask({ ...command, format: 'json' }, limitMs)) as unknown;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #answer(command: MonCommand, limitMs: number): Promise<MonAnswer> {
    if (this.#isClosed) throw commandFailure(command, 'the cluster is stopped');
    if (this.#waiting.size >= WAITING_MAX) throw commandFailure(command, 'too many commands');
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<MonAnswer>();
    this.#waiting.set(id, { command, resolve, reject });
    const limit = setTimeout(() => {
      reject(commandFailure(command, `no answer within ${limitMs} ms`));
    }, limitMs);
    this.#child.send({ id, command } satisfies MonQuestion, (error) => {
      if (error !== null) reject(commandFailure(command, error.message));
    });
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
      this.#waiting.delete(id);
    }
  }

  #receive(answer: MonAnswer): void {
    this.#waiting.get(answer.id)?.resolve(answer);
  }

  #lose(): void {
    this.#isClosed = true;
    for (const { command, reject } of this.#waiting.values()) {
      reject(commandFailure(command, 'the process that sends the commands has ended'));
    }
  }
}

function commandFailure({ prefix }: MonCommand, why: string, errno?: number): Failure {
  return new Failure('cephCommandFailed', `the monitor did not do "${prefix}": ${why}`, {
    command: prefix,
    ...(errno === undefined ? {} : { errno }),
  });
}
