import { pieces } from '../../src/volume/scatter.ts';
import type { Extent } from '../../src/volume/volume.ts';

const PAGE_BYTES = 4096;

/** An array of bytes of any length that keeps only the pages that were written. */
export class SparseBytes {
  readonly #pages = new Map<number, Uint8Array>();

  read(offset: number, into: Uint8Array): void {
    pieces(offset, into.length, PAGE_BYTES, (at, length) => {
      const target = into.subarray(at - offset, at - offset + length);
      const page = this.#pages.get(Math.floor(at / PAGE_BYTES));
      if (page === undefined) target.fill(0);
      else target.set(page.subarray(at % PAGE_BYTES, (at % PAGE_BYTES) + length));
    });
  }

  write(offset: number, from: Uint8Array): void {
    pieces(offset, from.length, PAGE_BYTES, (at, length) => {
      const index = Math.floor(at / PAGE_BYTES);
      let page = this.#pages.get(index);
      if (page === undefined) {
        page = new Uint8Array(PAGE_BYTES);
        this.#pages.set(index, page);
      }
      page.set(from.subarray(at - offset, at - offset + length), at % PAGE_BYTES);
    });
  }

  /** Zeros the range and frees whole pages; walks the smaller of range and kept pages. */
  zero(offset: number, length: number): void {
    const end = offset + length;
    if (length / PAGE_BYTES > this.#pages.size) {
      for (const index of [...this.#pages.keys()]) {
        const start = Math.max(offset, index * PAGE_BYTES);
        const stop = Math.min(end, (index + 1) * PAGE_BYTES);
        if (start < stop) this.#zeroInPage(start, stop - start);
      }
    } else {
      pieces(offset, length, PAGE_BYTES, (at, count) => this.#zeroInPage(at, count));
    }
  }

  /** The kept ranges from `offset` on, in order, adjacent ones merged. */
  extents(offset: number, length: number, extentsMax: number): readonly Extent[] {
    const end = offset + length;
    const kept = [...this.#pages.keys()]
      .map((index) => index * PAGE_BYTES)
      .filter((start) => start + PAGE_BYTES > offset && start < end)
      .sort((a, b) => a - b);
    const extents: { offset: number; length: number; allocated: boolean }[] = [];
    const add = (start: number, stop: number, allocated: boolean) => {
      if (start >= stop) return;
      const last = extents.at(-1);
      if (last?.allocated === allocated) last.length += stop - start;
      else extents.push({ offset: start, length: stop - start, allocated });
    };
    let at = offset;
    for (const start of kept) {
      add(at, Math.max(at, start), false);
      add(Math.max(at, start), Math.min(end, start + PAGE_BYTES), true);
      at = Math.min(end, start + PAGE_BYTES);
    }
    add(at, end, false);
    return extents.slice(0, extentsMax);
  }

  #zeroInPage(offset: number, length: number): void {
    const index = Math.floor(offset / PAGE_BYTES);
    if (length === PAGE_BYTES) this.#pages.delete(index);
    else {
      const start = offset % PAGE_BYTES;
      this.#pages.get(index)?.fill(0, start, start + length);
    }
  }
}
