import { Initiator, type InitiatorOptions } from '../initiator/initiator.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { waitFor } from './wait-for.ts';

/**
 * A session with one gateway that is made again when it is lost, and then repeats its command: a
 * gateway that is too slow for the others is fenced, and serves again soon. For commands that may
 * be done twice.
 */
export class SteadySession {
  readonly #options: InitiatorOptions;
  #session: Promise<Initiator>;
  readonly #lost = Promise.withResolvers<void>();

  private constructor(options: InitiatorOptions) {
    this.#options = options;
    this.#session = this.#logIn();
  }

  /** Resolves when the gateway takes the session. */
  static async open(options: InitiatorOptions): Promise<SteadySession> {
    const steady = new SteadySession(options);
    await steady.#session;
    return steady;
  }

  /** Resolves when it has been lost once. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  async execute(request: ScsiRequest): Promise<ScsiResult> {
    const session = this.#session;
    try {
      return await (await session).execute(request);
    } catch (error) {
      if (!isLost(error)) throw error;
      this.#lost.resolve();
      if (this.#session === session) this.#session = this.#logIn();
      return await this.execute(request);
    }
  }

  async logout(): Promise<void> {
    const session = await this.#session;
    await session.logout().catch((error: unknown) => {
      if (!isLost(error)) throw error;
    });
  }

  async #logIn(): Promise<Initiator> {
    let session: Initiator | undefined;
    await waitFor('the gateway takes a session', async () => {
      session = await Initiator.connect(this.#options).catch(() => undefined);
      return session !== undefined;
    });
    return session!;
  }
}

function isLost(error: unknown): boolean {
  return error instanceof InitiatorError && error.code === 'connectionLost';
}
