const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Reads what `ByteWriter` wrote. Past the end it throws a `RangeError`. */
export class BytesReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // `slice` of a Buffer would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#number(1);
  }

  u16(): number {
    return this.#number(2);
  }

  u32(): number {
    return this.#number(4);
  }

  u64(): number {
    return this.#number(8);
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError('ends too early');
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** So many bytes in hex digits. */
  digits(length: number): string {
    let digits = '';
    for (let left = length; left > 0; left--) digits += DIGITS[this.u8()]!;
    return digits;
  }

  text(length: number): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes(length));
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  #number(length: number): number {
    if (this.#at + length > this.#bytes.length) throw new RangeError('ends too early');
    let value = 0;
    for (const end = this.#at + length; this.#at < end; this.#at++) {
      value = value * 0x100 + this.#bytes[this.#at]!;
    }
    return value;
  }
}
