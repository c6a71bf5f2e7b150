/** A TCP stream of bytes as a transport sees it; `host/net-socket.ts` is the real one. */
export interface ByteStream {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  /**
   * Starts reading. `reader.buffer()` says where the next bytes go; `reader.received(n)` that the
   * first n bytes of that buffer are filled.
   */
  start(reader: StreamReader): void;
  /** Reading stops soon (some more `received` may come) and continues after `resume`. */
  pause(): void;
  resume(): void;
  /** Sends the chunks in order, without copying; `sent` is called when they may be reused. */
  write(chunks: readonly Uint8Array[], sent: () => void): void;
  /**
   * Bytes of all writes begun that the peer has not acknowledged: between two writes the number
   * only falls, and only because the peer takes them. Asking costs a system call.
   */
  readonly unacknowledgedBytes: number;
  /** Sends the written bytes, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface StreamReader {
  buffer(): Uint8Array;
  received(length: number): void;
  /** Called once, last: the peer closed or the stream failed or was destroyed. */
  closed(error: Error | undefined): void;
}

/** Listens, and hands over each connection. Rejects with the system's error (`EADDRINUSE`, ...). */
export type Listen = (
  address: SocketAddress,
  onConnection: (stream: ByteStream) => void,
) => Promise<Listener>;

export interface Listener {
  readonly address: SocketAddress;
  /** Stops listening; connections that are open stay. */
  close(): Promise<void>;
}

export interface SocketAddress {
  /** Numeric address, IPv4 or IPv6, without brackets. */
  readonly address: string;
  readonly port: number;
}
