import { clearList } from '../base/clear-list.ts';
import type { Slab } from '../base/slab-pool.ts';
import type { DataHold } from './data-hold.ts';
import { GATHER_CHUNK_BYTES, GATHER_COPY_BYTES_MAX, SLAB_BYTES } from './limits.ts';

/** The data-out of one command that has arrived, as a gather list. Used again. */
export class DataOutBuffers {
  readonly pieces: Uint8Array[] = [];
  /** Data-out that is there. */
  length = 0;
  /** Data-out that is there or may come. */
  invitedLength = 0;
  readonly #hold: DataHold;
  /** The slabs behind `pieces`, entry for entry. */
  readonly #slabs: (Slab | undefined)[] = [];
  /** The last entry of `pieces` is the used part of this; undefined: it is a receive buffer's. */
  #chunk: Uint8Array | undefined = undefined;

  constructor(hold: DataHold) {
    this.#hold = hold;
  }

  /** Keeps data of a command that has all of it and so, as a rule, runs at once. */
  add(pieces: readonly Uint8Array[], slabs: readonly (Slab | undefined)[]): void {
    this.#add(pieces, slabs, 0);
  }

  /**
   * Keeps data of a command that waits for more. Short pieces are copied: a byte here and there
   * would keep whole receive buffers for as long as the initiator likes.
   */
  gather(pieces: readonly Uint8Array[], slabs: readonly (Slab | undefined)[]): void {
    this.#add(pieces, slabs, GATHER_COPY_BYTES_MAX);
  }

  /** The command waits for others: copies short pieces out of their slabs. */
  detach(): void {
    for (let i = 0; i < this.pieces.length; i++) {
      const piece = this.pieces[i]!;
      const slab = this.#slabs[i];
      if (slab === undefined || piece.length >= GATHER_COPY_BYTES_MAX) continue;
      this.#hold.hold(piece.length);
      this.pieces[i] = piece.slice();
      this.#slabs[i] = undefined;
      slab.release();
    }
  }

  clear(): void {
    for (const slab of this.#slabs) slab?.release();
    clearList(this.#slabs);
    clearList(this.pieces);
    this.#chunk = undefined;
    this.length = 0;
    this.invitedLength = 0;
  }

  /**
   * Keeps pieces where they are, if they have `lengthMin` and the session has room for one more
   * slab; copies the others, into memory that was counted when they were invited.
   */
  #add(
    pieces: readonly Uint8Array[],
    slabs: readonly (Slab | undefined)[],
    lengthMin: number,
  ): void {
    for (let i = 0; i < pieces.length; i++) {
      const slab = slabs[i];
      const piece = this.#chunk === undefined ? pieces[i]! : this.#fillChunk(pieces[i]!);
      if (piece.length === 0) continue;
      const stays =
        slab === undefined
          ? 2 * piece.length >= piece.buffer.byteLength
          : piece.length >= lengthMin && this.#hold.hasRoomFor(SLAB_BYTES);
      if (stays) this.#keep(piece, slab);
      else this.#copy(piece);
    }
  }

  #keep(piece: Uint8Array, slab: Slab | undefined): void {
    slab?.hold();
    this.pieces.push(piece);
    this.#slabs.push(slab);
    this.#chunk = undefined;
    this.length += piece.length;
    // Its slab is counted, and room for its bytes was counted when they were invited.
    if (slab !== undefined) this.#hold.release(piece.length);
  }

  /** Copies as much of a piece as fits into the chunk in use; returns the rest. */
  #fillChunk(piece: Uint8Array): Uint8Array {
    const chunk = this.#chunk!;
    const last = this.pieces.length - 1;
    const used = this.pieces[last]!.length;
    const length = Math.min(piece.length, chunk.length - used);
    if (length === 0) return piece;
    chunk.set(length === piece.length ? piece : piece.subarray(0, length), used);
    this.pieces[last] = chunk.subarray(0, used + length);
    this.length += length;
    return piece.subarray(length);
  }

  /** Begins a chunk: as long as the piece; longer if copies came before, so more of them follow. */
  #copy(piece: Uint8Array): void {
    const left = this.invitedLength - this.length;
    const room = this.#chunk === undefined ? 0 : Math.min(left, GATHER_CHUNK_BYTES);
    const chunk = new Uint8Array(Math.max(piece.length, room));
    chunk.set(piece);
    this.#chunk = chunk;
    this.pieces.push(chunk.subarray(0, piece.length));
    this.#slabs.push(undefined);
    this.length += piece.length;
  }
}
