import type { ByteStream, SocketAddress, StreamReader } from '../../src/base/byte-stream.ts';
import type { CommandAges, Nexus, TaskManagementResponse } from '../../src/scsi/nexus.ts';
import type { Task } from '../../src/scsi/task.ts';

/** The two ends of a connection in memory: what the target writes is cut into PDUs. */
export class MemoryStream implements ByteStream {
  readonly remote: SocketAddress;
  readonly local = { address: '192.0.2.2', port: 3260 };
  reader: StreamReader | undefined;
  paused = false;
  ended = false;
  destroyed = false;
  /** False: writes are taken, and reported as sent only by `release`. */
  draining = true;
  /** Set by tests of initiators that take a write in parts. */
  unacknowledgedBytes = 0;
  #sent: (() => void)[] = [];
  #received = Buffer.alloc(0);

  constructor(address = '192.0.2.1') {
    this.remote = { address, port: 40_000 };
  }

  start(reader: StreamReader): void {
    this.reader = reader;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  write(chunks: readonly Uint8Array[], sent: () => void): void {
    this.#received = Buffer.concat([this.#received, ...chunks]);
    if (this.draining) queueMicrotask(sent);
    else this.#sent.push(sent);
  }

  release(): void {
    this.draining = true;
    const waiting = this.#sent;
    this.#sent = [];
    for (const each of waiting) each();
  }

  end(): void {
    this.ended = true;
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    queueMicrotask(() => this.reader?.closed(undefined));
  }

  /** Bytes from the initiator, in reads as large as the target has room. */
  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.destroyed; ) {
      const room = this.reader!.buffer();
      const length = Math.min(room.length, bytes.length - at);
      room.set(bytes.subarray(at, at + length));
      this.reader!.received(length);
      at += length;
    }
  }

  /** Bytes of a header digest and a data digest after each PDU, which `take` cuts off. */
  headerDigestLength = 0;
  dataDigestLength = 0;

  /** PDUs that arrived since the last call, with their digests. */
  take(): Buffer[] {
    const pdus: Buffer[] = [];
    let at = 0;
    while (at + 48 <= this.#received.length) {
      const data = this.#received.readUIntBE(at + 5, 3);
      const body = data === 0 ? 0 : ((data + 3) & ~3) + this.dataDigestLength;
      const length = 48 + this.headerDigestLength + body;
      pdus.push(this.#received.subarray(at, at + length));
      at += length;
    }
    this.#received = this.#received.subarray(at);
    return pdus;
  }
}

/** A nexus whose commands the test answers. */
export class ScriptedNexus implements Nexus {
  readonly submitted: Task[] = [];
  readonly arrived: Task[] = [];
  readonly granted: Task[] = [];
  readonly failed: { readonly task: Task; readonly reason: string }[] = [];
  closes = 0;
  onSubmit: (task: Task) => void = () => {};
  onManage: () => void = () => {};
  onGranted: (task: Task) => void = () => {};
  onClose: () => Promise<void> = () => Promise.resolve();
  /** It holds something by RESERVE. */
  onRelease: (() => Promise<void>) | undefined;
  response: TaskManagementResponse = { response: 'functionComplete' };
  ages: CommandAges = { runningMs: 0, changingMs: 0, agreeingMs: 0 };

  get outstanding(): number {
    return this.submitted.length;
  }

  submit(task: Task): void {
    this.submitted.push(task);
    task.owner = {
      dataOutArrived: () => {
        this.arrived.push(task);
      },
      dataInGranted: () => {
        this.granted.push(task);
        this.onGranted(task);
      },
      fail: (reason) => {
        this.failed.push({ task, reason });
        task.end(0x02, 0, new Uint8Array(18));
      },
    };
    this.onSubmit(task);
  }

  manage(): TaskManagementResponse {
    this.onManage();
    return this.response;
  }

  updateLuns(): void {}

  releaseReserves(): Promise<void> | undefined {
    return this.onRelease?.();
  }

  age(_byMs: number): CommandAges {
    return this.ages;
  }

  close(): Promise<void> {
    this.closes++;
    return this.onClose();
  }
}

export interface PduFields {
  readonly opcode: number;
  readonly flags?: number;
  readonly tag?: number;
  readonly data?: Uint8Array;
  /** 32-bit words by byte offset. */
  readonly words?: Readonly<Record<number, number>>;
  /** Single bytes by offset. */
  readonly bytes?: Readonly<Record<number, number>>;
}

/** An initiator's PDU, composed by offsets: nothing of the code under test is used. */
export function pdu(fields: PduFields): Buffer {
  const data = fields.data ?? new Uint8Array(0);
  const bytes = Buffer.alloc(48 + ((data.length + 3) & ~3));
  bytes[0] = fields.opcode;
  bytes[1] = fields.flags ?? 0x80;
  bytes.writeUIntBE(data.length, 5, 3);
  bytes.writeUInt32BE(fields.tag ?? 1, 16);
  for (const [at, word] of Object.entries(fields.words ?? {}))
    bytes.writeUInt32BE(word, Number(at));
  for (const [at, byte] of Object.entries(fields.bytes ?? {})) bytes[Number(at)] = byte;
  bytes.set(data, 48);
  return bytes;
}

/** A Login Request straight to full feature phase. */
export function loginRequest(keys: readonly string[], fields: Partial<PduFields> = {}): Buffer {
  const data = Buffer.from(keys.map((each) => `${each}\0`).join(''));
  // T bit, CSG operational, NSG full feature; ISID 40 00 00 00 00 01.
  return pdu({ opcode: 0x43, flags: 0x87, data, bytes: { 8: 0x40, 13: 1 }, ...fields });
}
