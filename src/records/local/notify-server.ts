import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { systemReason } from '../../base/system-reason.ts';
import type { Log } from '../../log/log.ts';
import type { ChannelWatches } from '../channel-watches.ts';
import type { Member } from '../records.ts';
import { encodeFrame, type Frame, FrameReader } from './notify-frame.ts';

/** Connections of other members at one time; more are closed at once. */
const CONNECTIONS_MAX = 1024;
/** A connection that has not brought a whole notification after this long is closed. */
const RECEIVE_TIME_MAX_MS = 5000;

/** Takes the notifications of other members on a Unix socket and has the watchers answer. */
export class NotifyServer {
  readonly #server: Server;
  readonly #watches: ChannelWatches;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();

  constructor(watches: ChannelWatches, clock: Clock, log: Log) {
    this.#watches = watches;
    this.#clock = clock;
    this.#log = log;
    this.#server = createServer((socket) => this.#onConnection(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** `onEnd`: the server accepts nothing more, for a reason other than `close`. */
  async listen(path: string, onEnd: () => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', onEnd);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #onConnection(socket: Socket): void {
    const reader = new FrameReader();
    let called = false;
    this.#sockets.add(socket);
    const timer = this.#clock.after(RECEIVE_TIME_MAX_MS, () => socket.destroy());
    socket.on('close', () => {
      timer.cancel();
      this.#sockets.delete(socket);
    });
    // The caller gave up or died; no one reads the answer.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      try {
        for (const frame of reader.push(chunk)) {
          if (called || frame.kind !== 'notify') throw new Error('one notification a connection');
          called = true;
          timer.cancel();
          this.#answer(socket, frame);
        }
      } catch (error) {
        const reason = systemReason(error);
        this.#log.write('notification_refused', { reason });
        socket.end(encodeFrame('refused', { reason: reason.slice(0, 200) }));
        socket.removeAllListeners('data').resume();
      }
    });
  }

  #answer(socket: Socket, { head, payload }: Frame): void {
    const { channel, name, incarnation } = head;
    const texts = [channel, name, incarnation];
    if (!texts.every((text) => typeof text === 'string')) throw new Error('no channel or sender');
    const from: Member = { name: name as string, incarnation: incarnation as string };
    const send = (frame: Uint8Array): void => {
      if (socket.writable) socket.write(frame);
    };
    void this.#watches
      .call(channel as string, payload, from, (answer) => {
        send(encodeFrame('answer', {}, answer));
      })
      .then((complete) => {
        send(encodeFrame('end', { complete, watched: this.#watches.has(channel as string) }));
        socket.end();
      });
  }
}
