import { createServer, type Server, Socket } from 'node:net';

import type { ByteStream, Listener, SocketAddress, StreamReader } from '../base/byte-stream.ts';
import { sendNow, unacknowledgedBytes } from './kernel.ts';

/** What a TCP socket of Node has below it. */
interface Handle {
  readonly fd: number;
  /** Bytes of its write that libuv holds because the kernel has no room for them. */
  readonly writeQueueSize: number;
}

/**
 * A TCP connection that reads into buffers of the reader's and writes without copying.
 *
 * An accepted socket cannot be told where to read to; the public way is only open to `connect`.
 * So its handle is taken over by a socket made with `onread`. This is the one place that knows:
 * `test/unit/host/net-socket.test.ts` fails when a Node release breaks it.
 */
class NetSocket implements ByteStream {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #accepted: Socket;
  #socket: Socket | undefined;
  #handle: Handle | null = null;
  #descriptor = -1;
  #destroyed = false;

  /** `accepted` comes from a server with `pauseOnConnect`. */
  constructor(accepted: Socket) {
    this.#accepted = accepted;
    this.remote = { address: accepted.remoteAddress ?? '', port: accepted.remotePort ?? 0 };
    this.local = { address: accepted.localAddress ?? '', port: accepted.localPort ?? 0 };
  }

  start(reader: StreamReader): void {
    if (this.#destroyed) return;
    const handle = (this.#accepted as unknown as { _handle: Handle | null })._handle;
    this.#handle = handle;
    this.#descriptor = handle?.fd ?? -1;
    const socket = new Socket({
      handle,
      onread: {
        buffer: () => reader.buffer(),
        callback: (length: number) => {
          reader.received(length);
          return true;
        },
      },
    } as unknown as ConstructorParameters<typeof Socket>[0]);
    this.#socket = socket;
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => reader.closed(failure));
    socket.setNoDelay(true);
    socket.resume();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  write(chunks: readonly Uint8Array[], sent: () => void): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) {
      queueMicrotask(sent);
      return;
    }
    const unsent = this.#unsentOf(socket, chunks);
    const last = unsent.length - 1;
    if (last < 0) {
      queueMicrotask(sent);
      return;
    }
    if (last > 0) socket.cork();
    for (let i = 0; i < last; i++) socket.write(unsent[i]!);
    socket.write(unsent[last]!, sent);
    if (last > 0) socket.uncork();
  }

  /**
   * Sends at once what there is room for, past the stream's bookkeeping, which costs as much as the
   * system call. What is left, and any error, is the stream's.
   */
  #unsentOf(socket: Socket, chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#descriptor < 0 || socket.writableLength > 0 || !socket.writable) return chunks;
    let count = sendNow(this.#descriptor, chunks);
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i]!;
      if (count <= 0) return chunks.slice(i);
      if (count < chunk.length) return [chunk.subarray(count), ...chunks.slice(i + 1)];
      count -= chunk.length;
    }
    return [];
  }

  get unacknowledgedBytes(): number {
    if (this.#handle === null || this.#socket?.destroyed !== false) return 0;
    const { fd, writeQueueSize } = this.#handle;
    return writeQueueSize + Math.max(0, unacknowledgedBytes(fd));
  }

  end(): void {
    this.#socket?.end();
  }

  destroy(): void {
    this.#destroyed = true;
    (this.#socket ?? this.#accepted).destroy();
  }
}

/** Connections that the kernel may hold before they are accepted. */
const BACKLOG = 1024;

/**
 * Listens on an address (port 0: any free one) and hands over each connection. Rejects with the
 * system's error (`EADDRINUSE`, ...).
 */
export function listen(
  address: SocketAddress,
  onConnection: (stream: ByteStream) => void,
): Promise<Listener> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    // A connection that failed before anyone read from it has nobody else to tell.
    socket.on('error', () => socket.destroy());
    onConnection(new NetSocket(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address.address, port: address.port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve({ address: boundAddress(server, address), close: () => closeServer(server) });
    });
  });
}

function boundAddress(server: Server, asked: SocketAddress): SocketAddress {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return asked;
  return { address: bound.address, port: bound.port };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close();
    resolve();
  });
}
