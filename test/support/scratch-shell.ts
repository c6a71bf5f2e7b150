// A terminal of a scratch host: one shell that takes command after command, as an administrator
// types or pastes them, and tells of each how it ended and what it printed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { tied } from './tied.ts';
import { waitFor } from './wait-for.ts';

/** A command that hangs; none of them comes near. */
const COMMAND_LIMIT_MS = 240_000;

export interface ShellOutcome {
  readonly code: number;
  /** Standard output and standard error, as a terminal mixes them. */
  readonly output: string;
}

export class ScratchShell {
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #answers: Interface;
  readonly #folder: string;
  #count = 0;

  /** @param folder keeps the command lines and what they print. */
  constructor(
    command: readonly [string, string[]],
    folder: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder;
    this.#child = spawn(...tied(...command), {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: environment,
      // Of its own, so that Ctrl-C reaches what runs in it alone.
      detached: true,
    });
    this.ended = once(this.#child, 'close');
    this.#answers = createInterface(this.#child.stdout!);
    // The host may end before the shell has read all.
    this.#child.stdin!.on('error', () => {});
  }

  async run(text: string): Promise<ShellOutcome> {
    return await (await this.start(text)).ended;
  }

  async mustRun(text: string): Promise<string> {
    const { code, output } = await this.run(text);
    if (code !== 0) throw new Error(`${text}: exit code ${code}\n${output}`);
    return output;
  }

  /** Begins a command, of which the output so far can be read while it runs. */
  start(text: string): ShellCommand {
    const file = join(this.#folder, String(this.#count));
    this.#count += 1;
    writeFileSync(`${file}.sh`, text);
    closeSync(openSync(`${file}.out`, 'w'));
    const line = `eval "$(<'${file}.sh')" </dev/null >'${file}.out' 2>&1; echo "$?"\n`;
    this.#child.stdin!.write(line);
    return new ShellCommand(text, `${file}.out`, this.#code(text));
  }

  /** Ctrl-C: to all that runs in this terminal. */
  interrupt(): void {
    process.kill(-this.#child.pid!, 'SIGINT');
  }

  async #code(text: string): Promise<number> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`not ended after ${COMMAND_LIMIT_MS / 1000} s: ${text}`));
    }, COMMAND_LIMIT_MS);
    const gone = this.ended.then(() => Promise.reject(new Error(`its terminal ended: ${text}`)));
    try {
      const [line] = await Promise.race([once(this.#answers, 'line'), gone, late.promise]);
      return Number(line);
    } finally {
      clearTimeout(timer);
    }
  }
}

export class ShellCommand {
  readonly text: string;
  readonly ended: Promise<ShellOutcome>;
  readonly #file: string;
  #hasEnded = false;

  constructor(text: string, file: string, code: Promise<number>) {
    this.text = text;
    this.#file = file;
    this.ended = code.then((value) => ({ code: value, output: this.output }));
    const end = () => {
      this.#hasEnded = true;
    };
    this.ended.then(end, end);
  }

  get output(): string {
    return readFileSync(this.#file, 'utf8');
  }

  /** Resolves when it has printed that; rejects when it ends before. */
  async until(pattern: RegExp): Promise<void> {
    const isOver = () => this.#hasEnded || pattern.test(this.output);
    await waitFor(`${pattern} of ${this.text}`, isOver, COMMAND_LIMIT_MS);
    if (!pattern.test(this.output)) throw new Error(`${this.text} has ended:\n${this.output}`);
  }
}
