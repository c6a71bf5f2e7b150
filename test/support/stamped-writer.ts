import { setTimeout as delay } from 'node:timers/promises';
import { read16, write16 } from '../initiator/cdb.ts';
import type { Initiator } from '../initiator/initiator.ts';
import type { MultipathInitiator } from '../initiator/multipath-initiator.ts';
import type { ScsiRequest } from '../initiator/scsi-exchange.ts';
import { HANG_MS } from './wait-for.ts';

/** Bytes that carry one stamp; a write is one unit. */
export const UNIT_LENGTH = 4096;
const READ_UNITS = 32;
const BUSY = 0x08;
const BUSY_PAUSE_MS = 100;
const UNIT_ATTENTIONS_MAX = 10;

export interface StampedWriterOptions {
  readonly initiator: MultipathInitiator;
  /** Goes into every stamp. */
  readonly writer: number;
  /** 0 unless given. */
  readonly lun?: number;
  readonly firstUnit: number;
  readonly units: number;
  readonly blockLength: number;
  /** Writes under way at a time. */
  readonly depth: number;
  /** Between a status and the next write of a worker; 0 unless given. */
  readonly thinkMs?: number;
}

/**
 * Writes stamped units over and over through a multipath initiator, and remembers which writes were
 * acknowledged. A unit whose write was sent twice is not written again until `settled`: the first
 * attempt may still land through a stopped gateway, and would undo a later write.
 */
export class StampedWriter {
  acknowledged = 0;
  retried = 0;
  /** Longest time to a status of a write that needed one attempt, and of one that needed more. */
  steadyWorstMs = 0;
  failoverWorstMs = 0;
  /** The error that ended a worker; `pause` rejects with it. */
  failure: unknown = undefined;
  readonly #options: StampedWriterOptions;
  readonly #sequences: Uint32Array;
  /** Units that are being written, and since when. */
  readonly #busy = new Map<number, number>();
  readonly #unsettled = new Set<number>();
  #sequence = 0;
  #next = 0;
  #running = false;
  #workers: Promise<void>[] = [];

  constructor(options: StampedWriterOptions) {
    this.#options = options;
    this.#sequences = new Uint32Array(options.units);
  }

  get initiator(): MultipathInitiator {
    return this.#options.initiator;
  }

  /** How long the write that has waited for longest has been under way. */
  get waitedMs(): number {
    return Math.max(0, ...[...this.#busy.values()].map((since) => performance.now() - since));
  }

  start(): void {
    this.#running = true;
    const { depth } = this.#options;
    this.#workers = Array.from({ length: depth }, () => this.#work());
    for (const worker of this.#workers) {
      worker.catch((error: unknown) => {
        this.failure ??= error;
      });
    }
  }

  /** Resolves when nothing is under way; rejects with what a worker met. */
  async pause(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  /** From now on nothing that was sent earlier can land. */
  settled(): void {
    this.#unsettled.clear();
  }

  resetWorst(): void {
    this.steadyWorstMs = 0;
    this.failoverWorstMs = 0;
  }

  /** Reads every unit written and returns what differs from what was acknowledged. */
  async faults(reader: Pick<Initiator, 'execute'>): Promise<string[]> {
    const { firstUnit, units, blockLength, writer, lun = 0 } = this.#options;
    const blocks = (READ_UNITS * UNIT_LENGTH) / blockLength;
    const faults: string[] = [];
    for (let at = 0; at < units; at += READ_UNITS) {
      const lba = ((firstUnit + at) * UNIT_LENGTH) / blockLength;
      const dataInLength = READ_UNITS * UNIT_LENGTH;
      const cdb = read16(lba, blocks);
      const { status, dataIn } = await readThrough(reader, { lun, cdb, dataInLength });
      if (status !== 0) throw new Error(`read back: status ${status}`);
      for (let unit = at; unit < at + READ_UNITS; unit++) {
        const sequence = this.#sequences[unit]!;
        if (sequence === 0) continue;
        const start = (unit - at) * UNIT_LENGTH;
        const found = dataIn.subarray(start, start + UNIT_LENGTH);
        if (found.equals(stampedUnit(writer, unit, sequence))) continue;
        faults.push(`writer ${writer} unit ${unit}: ${describe(found)}, not sequence ${sequence}`);
      }
    }
    return faults;
  }

  async #work(): Promise<void> {
    const { writer, firstUnit, blockLength, initiator, lun = 0, thinkMs = 0 } = this.#options;
    while (this.#running) {
      const unit = this.#takeUnit();
      const sequence = ++this.#sequence;
      const lba = ((firstUnit + unit) * UNIT_LENGTH) / blockLength;
      const startedAt = performance.now();
      const { status, sense, attempts } = await initiator.execute({
        lun,
        cdb: write16(lba, UNIT_LENGTH / blockLength),
        dataOut: stampedUnit(writer, unit, sequence),
      });
      if (status !== 0) throw new Error(`write: status ${status} ${sense.toString('hex')}`);
      this.#busy.delete(unit);
      this.#sequences[unit] = sequence;
      this.#count(performance.now() - startedAt, attempts);
      if (attempts > 1) this.#unsettled.add(unit);
      if (thinkMs > 0) await delay(thinkMs);
    }
  }

  #count(elapsedMs: number, attempts: number): void {
    this.acknowledged += 1;
    if (attempts === 1) {
      this.steadyWorstMs = Math.max(this.steadyWorstMs, elapsedMs);
    } else {
      this.retried += 1;
      this.failoverWorstMs = Math.max(this.failoverWorstMs, elapsedMs);
    }
  }

  #takeUnit(): number {
    const { units } = this.#options;
    for (let tried = 0; tried < units; tried++) {
      const unit = this.#next;
      this.#next = (unit + 1) % units;
      if (this.#busy.has(unit) || this.#unsettled.has(unit)) continue;
      this.#busy.set(unit, performance.now());
      return unit;
    }
    throw new Error('every unit is under way or unsettled: the writer needs more units');
  }
}

/**
 * Unit attentions are taken on the way: of a fresh session, and of gateways that come and go. What
 * ends BUSY is sent again after a while.
 */
export async function readThrough(reader: Pick<Initiator, 'execute'>, request: ScsiRequest) {
  let attentions = 0;
  const giveUpMs = performance.now() + HANG_MS;
  for (;;) {
    const result = await reader.execute(request);
    if (result.status === 0) return result;
    if (result.status !== BUSY && ++attentions > UNIT_ATTENTIONS_MAX) return result;
    if (performance.now() > giveUpMs) return result;
    if (result.status === BUSY) await delay(BUSY_PAUSE_MS);
  }
}

/** The stamp, writer, unit and sequence, fills the unit, so that a torn write shows. */
export function stampedUnit(writer: number, unit: number, sequence: number): Buffer {
  const stamp = Buffer.alloc(16);
  stamp.write('STMP', 'latin1');
  stamp.writeUInt32BE(writer, 4);
  stamp.writeUInt32BE(unit, 8);
  stamp.writeUInt32BE(sequence, 12);
  return Buffer.alloc(UNIT_LENGTH, stamp);
}

function describe(found: Buffer): string {
  const stamp = found.subarray(0, 16);
  if (found.every((byte) => byte === 0)) return 'zeros';
  if (stamp.toString('latin1', 0, 4) !== 'STMP') return `alien bytes ${stamp.toString('hex')}`;
  const [writer, unit, sequence] = [4, 8, 12].map((at) => stamp.readUInt32BE(at));
  const whole = found.equals(Buffer.alloc(UNIT_LENGTH, stamp)) ? '' : ' (torn)';
  return `writer ${writer} unit ${unit} sequence ${sequence}${whole}`;
}
