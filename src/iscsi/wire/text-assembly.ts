import { TEXT_LENGTH_MAX, TEXT_PIECES_MAX } from './text.ts';

const NOTHING = new Uint8Array(0);
const FIRST_BYTES = 1024;

/**
 * Gathers a text that spans several PDUs (C bit) in one buffer: its memory is bounded by the bytes
 * of the text, not by the number of pieces.
 */
export class TextAssembly {
  readonly #lengthMax: number;
  #bytes: Uint8Array = NOTHING;
  #length = 0;
  #pieces = 0;

  constructor(lengthMax = TEXT_LENGTH_MAX) {
    this.#lengthMax = lengthMax;
  }

  get empty(): boolean {
    return this.#pieces === 0;
  }

  /** Keeps a copy of the piece; false when the whole would be too long, or in too many pieces. */
  add(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (length > this.#lengthMax || this.#pieces === TEXT_PIECES_MAX) return false;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(piece, this.#length);
    this.#length = length;
    this.#pieces++;
    return true;
  }

  /** Returns the gathered text and drops it. */
  take(): Uint8Array {
    const whole = this.#bytes.subarray(0, this.#length);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#bytes = NOTHING;
    this.#length = 0;
    this.#pieces = 0;
  }

  #grow(length: number): void {
    const room = Math.max(length, 2 * this.#bytes.length, FIRST_BYTES);
    const bytes = new Uint8Array(Math.min(room, this.#lengthMax));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}
