// The contents that other gateways may read of units that a fenced gateway was writing to.

/** The writer, its round, the unit, and the number of the write to it. */
export interface UnitStamp {
  readonly writer: number;
  readonly round: number;
  readonly unit: number;
  readonly write: number;
}

const MAGIC = 'FNCE';
const STAMP_LENGTH = 20;

/** The stamp fills the unit, so that a torn write shows. */
export function stampedBytes({ writer, round, unit, write }: UnitStamp, length: number): Buffer {
  const stamp = Buffer.alloc(STAMP_LENGTH);
  stamp.write(MAGIC, 'latin1');
  for (const [i, value] of [writer, round, unit, write].entries()) {
    stamp.writeUInt32BE(value, 4 + 4 * i);
  }
  return Buffer.alloc(length, stamp);
}

/**
 * The set of contents that each unit may have. Before a fence is finished a write of the fenced
 * gateway may have landed or not, and may land at any time. Afterwards the first read of a unit, or
 * the first write to it, through another gateway decides which: nothing else is ever seen.
 */
export class FencedUnits {
  readonly #possible: Uint8Array[][];
  readonly #describe: (bytes: Uint8Array) => string;

  constructor(units: number, initial: (unit: number) => Uint8Array, describe = describeStamp) {
    this.#possible = Array.from({ length: units }, (_, unit) => [initial(unit)]);
    this.#describe = describe;
  }

  /** A write of unknown outcome is under way. */
  sent(unit: number, bytes: Uint8Array): void {
    this.#possible[unit]!.push(bytes);
  }

  /**
   * Another gateway answered a write GOOD, and no other relevant write is under way.
   */
  written(unit: number, bytes: Uint8Array): void {
    this.#possible[unit] = [bytes];
  }

  /**
   * A read that started after the end of the fence shows these bytes, which decides the unit.
   * Returns the error, if they are not possible.
   */
  seen(unit: number, bytes: Uint8Array): string | undefined {
    const possible = this.#possible[unit]!;
    const found = possible.find((each) => Buffer.compare(each, bytes) === 0);
    if (found === undefined) {
      const allowed = possible.map((each) => this.#describe(each)).join(' or ');
      return `unit ${unit} shows ${this.#describe(bytes)}, not ${allowed}`;
    }
    this.#possible[unit] = [found];
    return undefined;
  }
}

export function describeStamp(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.every((byte) => byte === 0)) return 'zeros';
  if (buffer.toString('latin1', 0, 4) !== MAGIC)
    return `alien bytes ${buffer.toString('hex', 0, 16)}`;
  const [writer, round, unit, write] = [4, 8, 12, 16].map((at) => buffer.readUInt32BE(at));
  const whole = Buffer.alloc(buffer.length, buffer.subarray(0, STAMP_LENGTH));
  const torn = buffer.equals(whole) ? '' : ' (torn)';
  return `writer ${writer} round ${round} unit ${unit} write ${write}${torn}`;
}
