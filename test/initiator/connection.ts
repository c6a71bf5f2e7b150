import type { Clock, Timer } from '../../src/base/clock.ts';
import { crc32c } from './crc32c.ts';
import { type Address, type InitiatorHost, thisHost, type Wire } from './host.ts';
import { InitiatorError, violation } from './initiator-error.ts';
import { BHS_LENGTH, Bhs, NO_BYTES, type Pdu, padding } from './pdu.ts';

/** PDUs that nobody has taken yet; more means that the test forgot to read. */
const INBOX_MAX = 10_000;
/** Only a hang takes longer. */
const HANG_MS = 60_000;
const ZEROS = Buffer.alloc(4);

/**
 * A TCP connection that speaks PDUs, and nothing above them. PDUs go to `onPdu`; while that is
 * undefined they are kept for `receive`.
 */
export class Connection {
  headerDigest = false;
  dataDigest = false;
  /** Longest data segment that the peer may send: our MaxRecvDataSegmentLength. */
  maxRecvDataSegmentLength = 8192;
  onPdu: ((pdu: Pdu) => void) | undefined = undefined;
  /** Settles once, when the connection is over: undefined after an orderly end by the peer. */
  readonly closed: Promise<Error | undefined>;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #inbox: Pdu[] = [];
  #chunks: Buffer[] = [];
  #buffered = 0;
  #waiter: ((pdu: Pdu | Error) => void) | undefined = undefined;
  #over: Error | undefined = undefined;

  private constructor(wire: Wire, clock: Clock) {
    this.#wire = wire;
    this.#clock = clock;
    this.closed = new Promise((resolve) => {
      const closed = (reason: Error | undefined) => {
        const cause = this.#over ?? reason;
        this.#over = cause ?? new InitiatorError('connectionLost', 'closed by the target');
        this.#waiter?.(this.#over);
        resolve(cause);
      };
      wire.start((chunk) => this.#received(chunk), closed);
    });
  }

  static async open(
    address: Address,
    timeoutMs = HANG_MS,
    host: InitiatorHost = thisHost,
  ): Promise<Connection> {
    return new Connection(await host.connect(address, timeoutMs), host.clock);
  }

  get isOpen(): boolean {
    return this.#over === undefined;
  }

  /** Bytes that were sent and are not with the kernel yet. */
  get unsentBytes(): number {
    return this.#wire.unsentBytes;
  }

  get localPort(): number {
    return this.#wire.localPort;
  }

  send(pdu: Pdu): void {
    const parts = [pdu.bhs];
    if (pdu.ahs.length > 0) parts.push(pdu.ahs);
    if (this.headerDigest) parts.push(crc32c(pdu.bhs, pdu.ahs));
    if (pdu.data.length > 0) {
      const pad = ZEROS.subarray(0, padding(pdu.data.length));
      parts.push(pdu.data);
      if (pad.length > 0) parts.push(pad);
      if (this.dataDigest) parts.push(crc32c(pdu.data, pad));
    }
    this.sendRaw(...parts);
  }

  /** Sends bytes as they are: for tests that break the framing. */
  sendRaw(...parts: readonly Uint8Array[]): void {
    if (this.#over === undefined) this.#wire.write(parts);
  }

  /** The next PDU. Rejects on `timeoutMs` without one, and when the connection is over. */
  receive(timeoutMs = HANG_MS): Promise<Pdu> {
    const ready = this.#inbox.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#over !== undefined) return Promise.reject(this.#over);
    return new Promise((resolve, reject) => {
      const timer: Timer = this.#clock.after(timeoutMs, () => {
        this.#waiter = undefined;
        reject(new InitiatorError('timeout', `no PDU within ${timeoutMs} ms`));
      });
      this.#waiter = (outcome) => {
        timer.cancel();
        this.#waiter = undefined;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
    });
  }

  /** Sends no more; the peer may still. */
  end(): void {
    this.#wire.end();
  }

  /** Stops reading: the peer meets a full TCP window. */
  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  destroy(error?: Error): void {
    this.#over ??= error ?? new InitiatorError('connectionLost', 'closed by the initiator');
    this.#wire.destroy();
  }

  #received(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    try {
      this.#takePdus();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #takePdus(): void {
    while (this.#buffered >= BHS_LENGTH) {
      const header = this.#join(BHS_LENGTH);
      const ahsLength = Bhs.totalAhsLength.get(header) * 4;
      const dataLength = Bhs.dataSegmentLength.get(header);
      if (dataLength > this.maxRecvDataSegmentLength) {
        throw violation(`data segment of ${dataLength} bytes, over ours`);
      }
      const headerLength = BHS_LENGTH + ahsLength + (this.headerDigest ? 4 : 0);
      const padded = dataLength + padding(dataLength);
      const whole = headerLength + padded + (this.dataDigest && dataLength > 0 ? 4 : 0);
      if (this.#buffered < whole) return;
      const bytes = this.#join(whole);
      this.#drop(whole);
      this.#checkDigests(bytes, BHS_LENGTH + ahsLength, headerLength, padded);
      this.#deliver({
        bhs: bytes.subarray(0, BHS_LENGTH),
        ahs: ahsLength === 0 ? NO_BYTES : bytes.subarray(BHS_LENGTH, BHS_LENGTH + ahsLength),
        data: bytes.subarray(headerLength, headerLength + dataLength),
      });
    }
  }

  #checkDigests(bytes: Buffer, headerEnd: number, dataStart: number, padded: number): void {
    if (this.headerDigest) {
      const sent = bytes.subarray(headerEnd, headerEnd + 4);
      if (!crc32c(bytes.subarray(0, headerEnd)).equals(sent)) throw violation('header digest');
    }
    if (this.dataDigest && padded > 0) {
      const data = bytes.subarray(dataStart, dataStart + padded);
      const sent = bytes.subarray(dataStart + padded, dataStart + padded + 4);
      if (!crc32c(data).equals(sent)) throw violation('data digest');
    }
  }

  #deliver(pdu: Pdu): void {
    if (this.#waiter !== undefined) this.#waiter(pdu);
    else if (this.onPdu !== undefined) this.onPdu(pdu);
    else if (this.#inbox.push(pdu) > INBOX_MAX) throw new Error('PDUs that nobody receives');
  }

  /** The first `length` bytes in one buffer; joins chunks only where they do not hold them. */
  #join(length: number): Buffer {
    if (this.#chunks[0]!.length < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!.subarray(0, length);
  }

  #drop(length: number): void {
    this.#buffered -= length;
    const rest = this.#chunks[0]!.subarray(length);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
  }
}
