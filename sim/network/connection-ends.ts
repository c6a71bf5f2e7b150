import type { ByteStream, SocketAddress, StreamReader } from '../../src/base/byte-stream.ts';
import type { Wire } from '../../test/initiator/host.ts';
import type { Pipe } from '../time/pipe.ts';
import { InputSource, type SimProcess } from '../time/sim-process.ts';

/** One end of a connection: the part of the kernel, and the input of its process. */
abstract class End {
  readonly process: SimProcess;
  readonly #pipe: Pipe;
  readonly #inputs = new InputSource();
  #peer: End | undefined;
  #held: (Buffer | 'end')[] = [];
  #isReading = false;
  #hasEnded = false;
  #isOver = false;
  protected inFlightBytes = 0;
  /** Both directions are over. */
  onOver = (): void => {};

  constructor(process: SimProcess, pipe: Pipe) {
    this.process = process;
    this.#pipe = pipe;
    process.onChange(() => {
      if (process.isDead) this.#finish();
    });
  }

  protected abstract received(bytes: Buffer): void;
  protected abstract closed(): void;

  get isOver(): boolean {
    return this.#isOver;
  }

  join(peer: End): void {
    this.#peer = peer;
  }

  read(isReading: boolean): void {
    this.#isReading = isReading;
    if (isReading && this.#held.length > 0) {
      this.process.deliver(this.#inputs, () => this.#readHeld());
    }
  }

  protected send(bytes: Buffer): void {
    if (this.#hasEnded || bytes.length === 0) return;
    this.inFlightBytes += bytes.length;
    this.#pipe.send(() => {
      this.inFlightBytes -= bytes.length;
      this.#peer!.#arrived(bytes);
    });
  }

  /** Sends what was written, and then nothing more. */
  end(): void {
    this.#finish();
  }

  /** Drops what has not arrived yet, as a kernel does for a socket closed with linger 0. */
  protected drop(): void {
    if (!this.#hasEnded) this.#pipe.clear();
  }

  destroy(): void {
    this.#finish();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = [];
    this.process.deliver(this.#inputs, () => this.closed());
  }

  #finish(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#pipe.send(() => this.#peer!.#arrived('end'));
  }

  #arrived(part: Buffer | 'end'): void {
    if (part === 'end' && this.#hasEnded) this.onOver();
    this.#deliver(part);
  }

  #deliver(part: Buffer | 'end'): void {
    this.process.deliver(this.#inputs, () => {
      this.#held.push(part);
      this.#readHeld();
    });
  }

  /** What came first is read first, also when reading was paused meanwhile. */
  #readHeld(): void {
    while (this.#isReading && !this.#isOver) {
      const part = this.#held.shift();
      if (part === undefined) return;
      if (part === 'end') this.destroy();
      else this.received(part);
    }
  }
}

/** A gateway's end. */
export class ServerEnd extends End implements ByteStream {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #sent = new InputSource();
  #reader: StreamReader | undefined;

  constructor(process: SimProcess, pipe: Pipe, remote: SocketAddress, local: SocketAddress) {
    super(process, pipe);
    this.remote = remote;
    this.local = local;
  }

  get unacknowledgedBytes(): number {
    return this.inFlightBytes;
  }

  start(reader: StreamReader): void {
    this.#reader = reader;
    this.read(true);
  }

  pause(): void {
    this.read(false);
  }

  resume(): void {
    this.read(true);
  }

  write(chunks: readonly Uint8Array[], sent: () => void): void {
    this.send(Buffer.concat(chunks));
    this.process.deliver(this.#sent, sent);
  }

  protected received(bytes: Buffer): void {
    const reader = this.#reader!;
    for (let at = 0; at < bytes.length && !this.isOver; ) {
      const room = reader.buffer();
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      at += part.length;
      reader.received(part.length);
    }
  }

  protected closed(): void {
    this.#reader?.closed(undefined);
  }
}

/** An initiator's end. */
export class ClientEnd extends End implements Wire {
  readonly localPort: number;
  /** When the last bytes came, by the initiator's clock. */
  heardMs: number;
  #onReceived = (_: Buffer): void => {};
  #onClosed = (_: Error | undefined): void => {};

  constructor(process: SimProcess, pipe: Pipe, localPort: number) {
    super(process, pipe);
    this.localPort = localPort;
    this.heardMs = process.clock.now();
  }

  get unsentBytes(): number {
    return 0;
  }

  start(received: (bytes: Buffer) => void, closed: (error: Error | undefined) => void): void {
    this.#onReceived = received;
    this.#onClosed = closed;
    this.read(true);
  }

  pause(): void {
    this.read(false);
  }

  resume(): void {
    this.read(true);
  }

  write(parts: readonly Uint8Array[]): void {
    this.send(Buffer.concat(parts));
  }

  /**
   * Gives up the connection as open-iscsi does: nothing in its transmit queue may arrive when the
   * network comes back, because the commands take another path by then.
   */
  override destroy(): void {
    this.drop();
    super.destroy();
  }

  protected received(bytes: Buffer): void {
    this.heardMs = this.process.clock.now();
    this.#onReceived(bytes);
  }

  protected closed(): void {
    this.#onClosed(undefined);
  }
}
