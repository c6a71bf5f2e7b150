import type { CommandWindow } from '../command-window.ts';
import { BHS_BYTES } from '../limits.ts';
import { DataIn, DIGEST_LENGTH, ScsiResponse } from '../standard/bhs.ts';
import { digestOf, putDigest } from './digest.ts';
import type { Region, SendQueue } from './send-queue.ts';

const PADDING = new Uint8Array(4);

/**
 * Composes outgoing PDUs in the send queue: header, data, padding, digests, and the sequence
 * numbers that every PDU of a target carries.
 */
export class PduWriter {
  readonly queue: SendQueue;
  readonly #window: CommandWindow;
  #headerDigestBytes = 0;
  #dataDigest = false;
  /** StatSN of the next status. */
  statSn: number;
  /** The longest data segment that may be sent now. */
  dataSegmentMax: number;
  readonly #dataSegmentMax: number;

  /** `dataSegmentMax`: bound on data segments, even if the initiator accepts longer ones. */
  constructor(queue: SendQueue, window: CommandWindow, statSn: number, dataSegmentMax: number) {
    this.queue = queue;
    this.#window = window;
    this.statSn = statSn;
    this.dataSegmentMax = dataSegmentMax;
    this.#dataSegmentMax = dataSegmentMax;
  }

  /** The initiator declared its MaxRecvDataSegmentLength. */
  declareSegmentLength(length: number): void {
    this.dataSegmentMax = Math.min(length, this.#dataSegmentMax);
  }

  useDigests(header: boolean, data: boolean): void {
    this.#headerDigestBytes = header ? DIGEST_LENGTH : 0;
    this.#dataDigest = data;
  }

  /** Bytes on the wire of a PDU with this much data. */
  wireLength(dataLength: number): number {
    const header = BHS_BYTES + this.#headerDigestBytes;
    if (dataLength === 0) return header;
    return header + ((dataLength + 3) & ~3) + (this.#dataDigest ? DIGEST_LENGTH : 0);
  }

  /** Where the data begins, relative to the PDU. */
  get dataOffset(): number {
    return BHS_BYTES + this.#headerDigestBytes;
  }

  /** Room for a PDU whose data somebody fills in place. */
  reserve(dataLength: number): Region {
    return this.queue.reserve(this.wireLength(dataLength));
  }

  /** Clears the header of a reserved PDU and writes what all PDUs have. */
  header(
    region: Region,
    opcode: number,
    flags: number,
    dataLength: number,
    tag: number,
  ): Uint8Array {
    const bytes = region.slab.bytes;
    const base = region.start;
    bytes.fill(0, base, base + BHS_BYTES);
    bytes[base] = opcode;
    bytes[base + 1] = flags;
    bytes[base + 5] = dataLength >>> 16;
    bytes[base + 6] = dataLength >>> 8;
    bytes[base + 7] = dataLength;
    ScsiResponse.initiatorTaskTag.set(bytes, tag, base);
    return bytes;
  }

  /** The command window, and with `status` the next StatSN (taken), else the next one to come. */
  sequenceNumbers(region: Region, status: boolean): void {
    const bytes = region.slab.bytes;
    const base = region.start;
    ScsiResponse.statSn.set(bytes, this.statSn, base);
    if (status) this.statSn = (this.statSn + 1) >>> 0;
    this.#expected(bytes, base);
  }

  /** For a Data-In without status: its StatSN is reserved. */
  expectedNumbers(region: Region): void {
    DataIn.statSn.set(region.slab.bytes, 0, region.start);
    this.#expected(region.slab.bytes, region.start);
  }

  /**
   * Finishes a PDU whose header and data are in place, and queues it. `ends` a command: with no
   * other in flight, nothing is worth waiting for.
   */
  send(region: Region, dataLength: number, ends = false): void {
    const bytes = region.slab.bytes;
    const base = region.start;
    if (this.#headerDigestBytes > 0) {
      putDigest(bytes, digestOf([bytes.subarray(base, base + BHS_BYTES)]), base + BHS_BYTES);
    }
    if (dataLength > 0) {
      const from = base + this.dataOffset;
      const padded = (dataLength + 3) & ~3;
      if (padded !== dataLength)
        bytes.set(PADDING.subarray(0, padded - dataLength), from + dataLength);
      if (this.#dataDigest) {
        putDigest(bytes, digestOf([bytes.subarray(from, from + padded)]), from + padded);
      }
    }
    this.queue.push(region, this.wireLength(dataLength), ends && this.#window.isIdle);
  }

  /** A whole PDU with a copy of its data: for all that is not a transfer. */
  compose(
    opcode: number,
    flags: number,
    tag: number,
    data: Uint8Array | undefined,
    fields: (bytes: Uint8Array, base: number) => void,
    status = true,
  ): void {
    const length = data?.length ?? 0;
    const region = this.reserve(length);
    const bytes = this.header(region, opcode, flags, length, tag);
    if (data !== undefined) bytes.set(data, region.start + this.dataOffset);
    this.sequenceNumbers(region, status);
    fields(bytes, region.start);
    this.send(region, length);
  }

  #expected(bytes: Uint8Array, base: number): void {
    ScsiResponse.expCmdSn.set(bytes, this.#window.expCmdSn, base);
    ScsiResponse.maxCmdSn.set(bytes, this.#window.maxCmdSn, base);
  }
}
