import { fdatasync } from 'node:fs';
import { fault } from '../refusal.ts';
import { DONE, type VolumeResult } from '../volume.ts';

/**
 * Makes writes durable. One fdatasync runs at a time, and the next one serves all callers that
 * asked in the meantime: it begins after their writes ended. A failure is permanent, because the
 * kernel reports it once and may have dropped the data that it could not write.
 */
export class SyncQueue {
  readonly #descriptor: number;
  readonly #fdatasync: typeof fdatasync;
  #isRunning = false;
  #waiting: ((result: VolumeResult) => void)[] = [];
  #failure: VolumeResult | undefined;

  constructor(descriptor: number, call: typeof fdatasync = fdatasync) {
    this.#descriptor = descriptor;
    this.#fdatasync = call;
  }

  /** Everything written before this call is durable when it resolves `done`. */
  sync(): Promise<VolumeResult> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isRunning) this.#run();
    });
  }

  #run(): void {
    const served = this.#waiting;
    this.#waiting = [];
    if (this.#failure !== undefined) {
      for (const resolve of served) resolve(this.#failure);
      return;
    }
    this.#isRunning = true;
    this.#fdatasync(this.#descriptor, (error) => {
      this.#isRunning = false;
      if (error !== null) this.#failure = fault('writeError', Math.abs(error.errno ?? 0));
      for (const resolve of served) resolve(this.#failure ?? DONE);
      if (this.#waiting.length > 0) this.#run();
    });
  }
}
