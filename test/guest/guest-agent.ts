// The host's side of `image/files/agent`: commands go down one stream, and answers come back as
// they end.

import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { Finished } from '../support/run.ts';

export class GuestAgent {
  /** Resolves when the guest takes commands. */
  readonly ready: Promise<void>;
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, PromiseWithResolvers<Finished>>();
  readonly #ready = Promise.withResolvers<void>();
  #commands = 0;
  #lost: Error | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    createInterface(stream).on('line', (line) => this.#read(line));
    // The end of the machine says more than that of its stream.
    stream.on('error', () => {});
  }

  /** Runs a command of bash beside those that run already. */
  run(command: string): Promise<Finished> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const number = this.#commands++;
    const answer = Promise.withResolvers<Finished>();
    this.#waiting.set(number, answer);
    this.#stream.write(`${number} ${Buffer.from(command).toString('base64')}\n`);
    return answer.promise;
  }

  /** Every command that runs, and each later one, fails for this reason. */
  lose(reason: Error): void {
    this.#lost ??= reason;
    this.#ready.reject(this.#lost);
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }

  #read(line: string): void {
    if (line === 'ready') {
      this.#ready.resolve();
      return;
    }
    const [number, code, out = '', err = ''] = line.split(' ');
    const answer = this.#waiting.get(Number(number));
    if (answer === undefined) {
      this.lose(new Error(`the guest's agent says: ${line.slice(0, 200)}`));
      return;
    }
    this.#waiting.delete(Number(number));
    answer.resolve({ code: Number(code), signal: null, stdout: decode(out), stderr: decode(err) });
  }
}

/** The dot in front keeps an empty output a word. */
function decode(word: string): string {
  return Buffer.from(word.slice(1), 'base64').toString('latin1');
}
