import type { Timer } from '../../src/base/clock.ts';
import { ETIMEDOUT } from '../../src/ceph/errno.ts';
import type { SimWatch } from './sim-watch.ts';

interface Answer {
  readonly watch: SimWatch;
  readonly payload: Uint8Array;
}

/** A notification, which waits for the clients that watched its object when it arrived. */
export class SimNotify {
  readonly id: bigint;
  readonly #waiting: Set<SimWatch>;
  readonly #answers: Answer[] = [];
  readonly #end: (errno: number, reply: Uint8Array) => void;
  #isOver = false;
  timer: Timer | undefined;

  constructor(
    id: bigint,
    watches: Iterable<SimWatch>,
    end: (errno: number, reply: Uint8Array) => void,
  ) {
    this.id = id;
    this.#waiting = new Set(watches);
    this.#end = end;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get waiting(): readonly SimWatch[] {
    return [...this.#waiting];
  }

  answered(watch: SimWatch, payload: Uint8Array): void {
    if (!this.#waiting.delete(watch)) return;
    this.#answers.push({ watch, payload });
    this.endIfDone();
  }

  /** The watch is gone: the notification no longer waits for it. */
  dropped(watch: SimWatch): void {
    if (this.#waiting.delete(watch)) this.endIfDone();
  }

  endIfDone(): void {
    if (this.#waiting.size === 0) this.#finish(0);
  }

  timedOut(): void {
    this.#finish(ETIMEDOUT);
  }

  #finish(errno: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.timer?.cancel();
    this.#end(errno, encodeReply(this.#answers, this.waiting));
  }
}

/** The reply of rados_notify2; see `notifyAnswers`. */
function encodeReply(answers: readonly Answer[], silent: readonly SimWatch[]): Uint8Array {
  const payloads = answers.reduce((sum, { payload }) => sum + payload.length, 0);
  const reply = Buffer.alloc(8 + 20 * answers.length + payloads + 16 * silent.length);
  let at = reply.writeUInt32LE(answers.length, 0);
  for (const { watch, payload } of answers) {
    at = reply.writeBigUInt64LE(watch.client.gid, at);
    at = reply.writeBigUInt64LE(watch.cookie, at);
    at = reply.writeUInt32LE(payload.length, at);
    reply.set(payload, at);
    at += payload.length;
  }
  at = reply.writeUInt32LE(silent.length, at);
  for (const { client, cookie } of silent) {
    at = reply.writeBigUInt64LE(client.gid, at);
    at = reply.writeBigUInt64LE(cookie, at);
  }
  return reply;
}
