import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Address } from '../initiator/host.ts';

const LIMIT_MS = 60_000;

/** Connections that send what they are given, as fast as it is taken, and read only if asked to. */
export class FloodingSockets implements Disposable {
  readonly #address: Address;
  readonly #sockets: Socket[] = [];

  constructor(address: Address) {
    this.#address = address;
  }

  /** Sockets that the target has not closed. */
  get open(): number {
    return this.#sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  }

  /**
   * Opens a connection and sends `first`, then `chunk` so many times. Resolves when all was taken,
   * the target closed, or for `stuckMs` nothing was taken.
   */
  async send(first: Buffer, chunk: Buffer, times: number, reads: boolean, stuckMs: number) {
    const socket = new Socket();
    this.#sockets.push(socket);
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.connect({ ...this.#address });
    await Promise.race([once(socket, 'connect'), closed]);
    if (reads) socket.resume();
    socket.write(first);
    const end = performance.now() + LIMIT_MS;
    for (let i = 0; i < times && !socket.destroyed && performance.now() < end; i++) {
      const isLast = i === times - 1;
      if (socket.write(chunk) && !isLast) continue;
      if (socket.writableLength === 0) continue;
      const stuck = new Promise<'stuck'>((resolve) => {
        setTimeout(() => resolve('stuck'), stuckMs).unref();
      });
      const drained = new Promise<'drained'>((resolve) => {
        socket.write('', () => resolve('drained'));
      });
      if ((await Promise.race([drained, closed, stuck])) === 'stuck') return;
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
