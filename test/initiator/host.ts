// What an initiator needs of the machine that it runs on: time, and connections.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { InitiatorError } from './initiator-error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** The address to connect from, where the kernel is not to choose. */
  readonly localAddress?: string;
}

/** The initiator's end of a TCP connection. */
export interface Wire {
  /** Bytes that were sent and are not with the kernel yet. */
  readonly unsentBytes: number;
  readonly localPort: number;
  /** `closed` is called once, last: with the reason, unless it was closed in order. */
  start(received: (bytes: Buffer) => void, closed: (error: Error | undefined) => void): void;
  /** Sends the parts together. */
  write(parts: readonly Uint8Array[]): void;
  /** Sends no more; the peer may still. */
  end(): void;
  /** Stops reading: the peer meets a full TCP window. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface InitiatorHost {
  readonly clock: Clock;
  /** Rejects with `connectionLost`. */
  connect(address: Address, timeoutMs: number): Promise<Wire>;
}

/** This machine. */
export const thisHost: InitiatorHost = { clock: systemClock, connect: connectSocket };

function connectSocket(address: Address, timeoutMs: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, timeout: timeoutMs });
    const fail = (error: Error) => {
      socket.destroy();
      reject(new InitiatorError('connectionLost', error.message));
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error('no connection in time')));
    socket.once('connect', () => {
      // Nobody listens, and the kernel gave us that very port: TCP's simultaneous open.
      if (socket.localPort === address.port && socket.localAddress === socket.remoteAddress) {
        fail(new Error('connected to itself'));
        return;
      }
      socket.removeAllListeners('error').removeAllListeners('timeout').setTimeout(0);
      resolve(new SocketWire(socket));
    });
  });
}

class SocketWire implements Wire {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  start(received: (bytes: Buffer) => void, closed: (error: Error | undefined) => void): void {
    let reason: Error | undefined;
    this.#socket.on('data', received);
    this.#socket.on('error', (error) => {
      reason = new InitiatorError('connectionLost', error.message);
    });
    this.#socket.on('close', () => closed(reason));
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
