import { bootTimeMs } from '../../host/kernel.ts';

/**
 * Until when this process may write to volumes, for all of its threads. After a stop (SIGSTOP, a
 * debugger, a suspended machine) threads continue with their queues before the event loop has
 * noticed the stop, so each checks the lease right before it writes. A lease that is over is not
 * renewed: the gateway that held it gives up.
 */
export class WriteLease {
  readonly memory: SharedArrayBuffer;
  /** In milliseconds of CLOCK_BOOTTIME. */
  readonly #end: Float64Array;

  /** Without `memory`, a lease that has no end until it is renewed for the first time. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    this.#end = new Float64Array(this.memory);
    if (memory === undefined) this.renew(Number.POSITIVE_INFINITY);
  }

  renew(untilMs: number): void {
    this.#end[0] = untilMs;
  }

  get isOver(): boolean {
    return bootTimeMs() >= this.#end[0]!;
  }
}
