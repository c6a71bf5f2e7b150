import type { SimWatch } from './sim-watch.ts';

/** One object: its bytes, its omap, and its watchers. */
export class StoredObject<Watch = SimWatch> {
  readonly name: string;
  readonly omap = new Map<string, Uint8Array>();
  readonly watches = new Set<Watch>();
  version = 0;
  #bytes = Buffer.alloc(0);

  constructor(name: string) {
    this.name = name;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** Bytes that were never written read as zeros. */
  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    bytes.set(this.#bytes.subarray(offset, offset + length));
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#grow(offset + bytes.length);
    this.#bytes.set(bytes, offset);
  }

  zero(offset: number, length: number): void {
    this.#bytes.subarray(offset, offset + length).fill(0);
  }

  /** Pages of an omap are in key order. */
  sortedKeys(): string[] {
    return [...this.omap.keys()].sort();
  }

  #grow(length: number): void {
    if (length <= this.#bytes.length) return;
    const bytes = Buffer.alloc(length);
    this.#bytes.copy(bytes);
    this.#bytes = bytes;
  }
}
