import { TEXT_LENGTH_MAX } from './text.ts';

/** Gathers a text that goes over several PDUs (C bit). Holds at most `TEXT_LENGTH_MAX` bytes. */
export class TextAssembly {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get empty(): boolean {
    return this.#length === 0;
  }

  /** Keeps a copy of the chunk; false when the whole would be too long. */
  add(chunk: Uint8Array): boolean {
    if (this.#length + chunk.length > TEXT_LENGTH_MAX) return false;
    if (chunk.length > 0) this.#chunks.push(new Uint8Array(chunk));
    this.#length += chunk.length;
    return true;
  }

  /** What was gathered, and forgets it. */
  take(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.clear();
    return whole;
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }
}
