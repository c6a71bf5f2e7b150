import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AttackField, Tally } from './attack.ts';
import type { GoodReport, GoodSessionsOptions } from './good-sessions.ts';

export type PartyOrder =
  | { readonly order: 'behave'; readonly options: GoodSessionsOptions }
  | { readonly order: 'report' }
  | ({ readonly order: 'attack'; readonly name: string; readonly seed: number } & Omit<
      AttackField,
      'random' | 'tally'
    >)
  | { readonly order: 'tally' };

export interface NumberedOrder {
  readonly number: number;
  readonly order: PartyOrder;
}

/** Answers come in any order: an attack is told to be under way when it is. */
export interface PartyAnswer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

const program = fileURLToPath(new URL('./party-main.ts', import.meta.url));

/**
 * Initiators in a process of their own: beside them in one event loop neither a gateway nor the
 * other party could be measured.
 */
export class Party implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, (answer: Omit<PartyAnswer, 'number'>) => void>();
  #orders = 0;

  constructor() {
    this.#child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: PartyAnswer) => {
      this.#waiting.get(answer.number)?.(answer);
      this.#waiting.delete(answer.number);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        for (const each of this.#waiting.values()) each({ error: 'the process of a party ended' });
        this.#waiting.clear();
        resolve();
      });
    });
  }

  async behave(options: GoodSessionsOptions): Promise<void> {
    await this.#obey({ order: 'behave', options });
  }

  async report(): Promise<GoodReport> {
    return (await this.#obey({ order: 'report' })) as GoodReport;
  }

  async attack(
    name: string,
    seed: number,
    field: Omit<AttackField, 'random' | 'tally'>,
  ): Promise<void> {
    await this.#obey({ order: 'attack', name, seed, ...field });
  }

  async tally(): Promise<Tally> {
    return (await this.#obey({ order: 'tally' })) as Tally;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #obey(order: PartyOrder): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const number = this.#orders++;
      this.#waiting.set(number, ({ value, error }) => {
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
      this.#child.send({ number, order } satisfies NumberedOrder, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}
