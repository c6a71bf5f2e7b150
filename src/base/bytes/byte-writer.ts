/**
 * Builds a structure of variable length; the writer owns every length field, so that no index can
 * be taken for a count. For answers off the data path (pages, parameter data, text).
 */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.#room(2);
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
    return this;
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff);
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 0x1_0000_0000)).u32(value % 0x1_0000_0000);
  }

  zeros(count: number): this {
    this.#room(count);
    this.#length += count;
    return this;
  }

  bytes(source: ArrayLike<number>): this {
    this.#room(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
    return this;
  }

  /** Bytes in hex digits of lower case. */
  digits(digits: string): this {
    this.#room(digits.length / 2);
    for (let at = 0; at < digits.length; at += 2) {
      this.#bytes[this.#length++] = (nibbleAt(digits, at) << 4) | nibbleAt(digits, at + 1);
    }
    return this;
  }

  /** ASCII text, left-aligned, padded with spaces to `width` (cut when longer). */
  ascii(text: string, width: number = text.length): this {
    for (let i = 0; i < width; i++) this.u8(i < text.length ? text.charCodeAt(i) & 0x7f : 0x20);
    return this;
  }

  /** Pads with zeros until the length is a multiple of `alignment`. */
  align(alignment: number): this {
    return this.zeros((alignment - (this.#length % alignment)) % alignment);
  }

  /** A one-byte length, then what `body` writes. */
  length8(body: (writer: this) => void): this {
    return this.#prefixed(1, body);
  }

  /** A two-byte length, then what `body` writes. */
  length16(body: (writer: this) => void): this {
    return this.#prefixed(2, body);
  }

  /** A four-byte length, then what `body` writes. */
  length32(body: (writer: this) => void): this {
    return this.#prefixed(4, body);
  }

  /** The written bytes, in an array of their own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #prefixed(width: number, body: (writer: this) => void): this {
    const at = this.#length;
    this.zeros(width);
    body(this);
    let value = this.#length - at - width;
    for (let i = at + width - 1; i >= at; i--) {
      this.#bytes[i] = value;
      value = Math.floor(value / 256);
    }
    if (value !== 0) throw new RangeError(`${width}-byte length field is too small`);
    return this;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** The letters a to f are 0x61 to 0x66, the digits 0x30 to 0x39. */
function nibbleAt(digits: string, at: number): number {
  const code = digits.charCodeAt(at);
  return (code & 0xf) + (code >> 6) * 9;
}
