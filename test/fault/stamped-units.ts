import { stampedUnit } from '../support/stamped-writer.ts';

/** One unit of a writer: what it may hold. */
interface Unit {
  /** Sequences of the writes of which one is there; 0 is before the first. */
  possible: number[];
  isBusy: boolean;
  /** A write of it ended without a status, and may land until then. */
  settledBy: Promise<unknown> | undefined;
}

/** A part of a disk that one writer has for itself, and what may be read there. */
export class StampedUnits {
  readonly writer: number;
  readonly #units: Unit[];
  #sequence = 0;
  #next = 0;

  constructor(writer: number, count: number) {
    this.writer = writer;
    this.#units = Array.from({ length: count }, () => {
      return { possible: [0], isBusy: false, settledBy: undefined };
    });
  }

  get count(): number {
    return this.#units.length;
  }

  /** A unit that nothing is under way to; undefined: there is none. */
  take(): number | undefined {
    for (let tried = 0; tried < this.count; tried++) {
      const at = this.#next;
      this.#next = (at + 1) % this.count;
      const unit = this.#units[at]!;
      if (unit.isBusy || unit.settledBy !== undefined) continue;
      unit.isBusy = true;
      return at;
    }
    return undefined;
  }

  /** The stamp of the next write of the unit, which is about to be sent. */
  write(at: number): { readonly sequence: number; readonly bytes: Buffer } {
    const sequence = ++this.#sequence;
    this.#units[at]!.possible.push(sequence);
    return { sequence, bytes: stampedUnit(this.writer, at, sequence) };
  }

  /** It was acknowledged. */
  written(at: number, sequence: number): void {
    this.#units[at]!.possible = [sequence];
  }

  /** It was not done. */
  refused(at: number, sequence: number): void {
    const unit = this.#units[at]!;
    unit.possible = unit.possible.filter((each) => each !== sequence);
  }

  /** The write has no status: it may land until `settledBy` resolves. */
  unknown(at: number, settledBy: Promise<unknown>): void {
    const unit = this.#units[at]!;
    const settling = settledBy.then(() => {
      if (unit.settledBy === settling) unit.settledBy = undefined;
    });
    unit.settledBy = settling;
  }

  release(at: number): void {
    this.#units[at]!.isBusy = false;
  }

  /** The unit reads so; returns what is wrong, if it cannot be. */
  read(at: number, found: Buffer): string | undefined {
    const unit = this.#units[at]!;
    const sequence = unit.possible.find((each) => found.equals(this.#bytesOf(at, each)));
    if (sequence === undefined) {
      const head = found.toString('hex', 0, 16);
      return `unit ${at} of ${this.writer} reads ${head}, not ${unit.possible.join(' or ')}`;
    }
    // What is read once stays.
    if (unit.settledBy === undefined) unit.possible = [sequence];
    return undefined;
  }

  #bytesOf(at: number, sequence: number): Buffer {
    return sequence === 0 ? ZEROS : stampedUnit(this.writer, at, sequence);
  }
}

const ZEROS = Buffer.alloc(stampedUnit(0, 0, 0).length);
