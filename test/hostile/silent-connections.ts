import { Socket } from 'node:net';
import type { Address } from '../initiator/host.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { loginRequest, wireBytes } from './pdu-corpus.ts';

export interface SilentReport {
  readonly opened: number;
  /** Connections that the kernel or the target did not let come about. */
  readonly refused: number;
  /** Most at a time. */
  readonly peak: number;
  readonly closedByTarget: number;
}

const CONNECTING_MAX = 200;

/** Connections that send a part of a Login Request, cut at a random byte, and nothing more. */
export class SilentConnections {
  readonly #address: Address;
  readonly #random: SeededRandom;
  readonly #open = new Set<Socket>();
  readonly #whole: Buffer;
  #connecting = 0;
  #due = 0;
  #opened = 0;
  #refused = 0;
  #peak = 0;
  #closedByTarget = 0;
  #stopped = false;
  #done: (() => void) | undefined = undefined;

  constructor(address: Address, targetName: string, random: SeededRandom) {
    this.#address = address;
    this.#random = random;
    this.#whole = wireBytes(
      loginRequest({ cmdSn: 1, expStatSn: 0, initiatorTaskTag: 1 }, [
        ['InitiatorName', 'iqn.2026-11.test:silent'],
        ['TargetName', targetName],
        ['X-com.example.padding', 'x'.repeat(200)],
      ]),
    );
  }

  /** Resolves when so many more were opened, or refused. */
  open(count: number): Promise<void> {
    this.#due += count;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#more();
    });
  }

  get openNow(): number {
    return this.#open.size;
  }

  stop(): SilentReport {
    this.#stopped = true;
    for (const socket of this.#open) socket.destroy();
    return {
      opened: this.#opened,
      refused: this.#refused,
      peak: this.#peak,
      closedByTarget: this.#closedByTarget,
    };
  }

  #more(): void {
    while (!this.#stopped && this.#due > 0 && this.#connecting < CONNECTING_MAX) {
      this.#due -= 1;
      this.#connect();
    }
    if (this.#due === 0 && this.#connecting === 0) this.#done?.();
  }

  #connect(): void {
    this.#connecting += 1;
    const socket = new Socket();
    let established = false;
    socket.on('connect', () => {
      established = true;
      this.#connecting -= 1;
      this.#opened += 1;
      this.#open.add(socket);
      this.#peak = Math.max(this.#peak, this.#open.size);
      socket.write(this.#whole.subarray(0, this.#random.below(this.#whole.length)));
      if (this.#stopped) socket.destroy();
      this.#more();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#open.delete(socket);
      if (established) this.#closedByTarget += this.#stopped ? 0 : 1;
      else {
        this.#connecting -= 1;
        this.#refused += 1;
      }
      this.#more();
    });
    socket.resume();
    socket.connect(this.#address);
  }
}
