import type { SharedMemory } from '../../host/shared-memory.ts';

/** Processes that write to the volumes of one store at a time. */
export const WRITERS_MAX = 32;
/** Changes of one process that are announced one by one; any beyond count as changes everywhere. */
const CHANGES_MAX = 1024;

/** Words of 32 bits at the head of a writer's part. */
const Word = {
  /** Changes that have begun; counts up and wraps around. */
  begun: 0,
  /** Changes under way. */
  active: 1,
  /** Changes that found no room in the table. */
  wide: 2,
  /** Entries of the table in use lie below this. */
  tableEnd: 3,
} as const;
const HEAD_WORDS = 16;
/** The fields of a change: the volume, its offset, its length. */
const RANGE_DOUBLES = 3;
/** The head, the table of changes under way, and the log of the last ones that have begun. */
const WRITER_BYTES = HEAD_WORDS * 4 + 2 * CHANGES_MAX * RANGE_DOUBLES * 8;
export const ANNOUNCEMENTS_BYTES = HEAD_WORDS * 4 + WRITERS_MAX * WRITER_BYTES;
const WIDE = -1;
/** In place of a volume, in the log: every volume, everywhere. */
const EVERY_VOLUME = -1;

/**
 * The changes that processes make to the volumes of a store, announced to readers: the kernel lets
 * a read of the page cache see a block that another process has half written. Every process that
 * writes has its own part of the shared memory, to which only it writes.
 *
 * A reader takes a mark, reads, and asks whether the range was being changed at the mark or has
 * begun to be since. If not, what it read is whole. A process that is killed leaves announcements
 * behind; they count for as long as it holds the lock of its part, which it does until the last of
 * its threads has ended.
 */
export class WriteAnnouncements {
  readonly #memory: SharedMemory;
  readonly #head: Int32Array;
  readonly #writers: readonly Writer[];
  /** The words of each writer that every read checks. */
  readonly #words: readonly Int32Array[];
  readonly #free: number[] = [];
  #own: Writer | undefined;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#head = new Int32Array(memory.buffer, 0, HEAD_WORDS);
    this.#writers = Array.from({ length: WRITERS_MAX }, (_, i) => new Writer(memory.buffer, i));
    this.#words = this.#writers.map(({ words }) => words);
  }

  /** Takes a part of the memory, to be done before the first `begin`; false when all are taken. */
  claim(): boolean {
    if (this.#own !== undefined) return true;
    const own = this.#writers.find(({ index }) => this.#memory.tryLock(index));
    if (own === undefined) return false;
    own.clear();
    for (let i = CHANGES_MAX - 1; i >= 0; i--) this.#free.push(i);
    this.#own = own;
    // The parts below this have been used; the others need no check.
    for (;;) {
      const used = Atomics.load(this.#head, 0);
      const next = Math.max(used, own.index + 1);
      if (Atomics.compareExchange(this.#head, 0, used, next) === used) return true;
    }
  }

  /** A change of the range begins; called before it is submitted. Returns what `end` needs. */
  begin(volume: number, offset: number, length: number): number {
    const { words, table, log } = this.#own!;
    const entry = this.#free.pop() ?? WIDE;
    const begun = words[Word.begun]!;
    put(log, begun & (CHANGES_MAX - 1), entry === WIDE ? EVERY_VOLUME : volume, offset, length);
    if (entry === WIDE) words[Word.wide]!++;
    else {
      put(table, entry, volume, offset, length);
      if (entry >= words[Word.tableEnd]!) words[Word.tableEnd] = entry + 1;
    }
    words[Word.active]!++;
    Atomics.store(words, Word.begun, (begun + 1) | 0);
    return entry;
  }

  end(entry: number): void {
    const { words, table } = this.#own!;
    if (entry === WIDE) words[Word.wide]!--;
    else {
      table[entry * RANGE_DOUBLES + 2] = 0;
      this.#free.push(entry);
    }
    if (--words[Word.active]! === 0) words[Word.tableEnd] = 0;
  }

  newMark(): Mark {
    return new Int32Array(WRITERS_MAX);
  }

  /** Takes a mark; false when the range is being changed. */
  mark(mark: Mark, volume: number, offset: number, length: number): boolean {
    const used = this.#used();
    for (let i = 0; i < used; i++) {
      const words = this.#words[i]!;
      // `begin` counts up `active` first, so a begin that is missed there is seen by `isUnchanged`.
      mark[i] = Atomics.load(words, Word.begun);
      if (words[Word.active] === 0) continue;
      const writer = this.#writers[i]!;
      if (writer.isChanging(volume, offset, length) && this.#lives(writer)) return false;
    }
    return true;
  }

  /** Whether no change of the range has begun since the mark. */
  isUnchanged(mark: Mark, volume: number, offset: number, length: number): boolean {
    const used = this.#used();
    for (let i = 0; i < used; i++) {
      const words = this.#words[i]!;
      if (words[Word.begun] === mark[i]) continue;
      const begun = Atomics.load(words, Word.begun);
      if (this.#writers[i]!.hasBegun(mark[i]!, begun, volume, offset, length)) return false;
    }
    return true;
  }

  /**
   * Parts that have been used. An atomic load costs a call, and orders what is loaded after it. Two
   * plain loads may be made in either order (arm64).
   */
  #used(): number {
    return Atomics.load(this.#head, 0);
  }

  close(): void {
    this.#memory.close();
  }

  #lives(writer: Writer): boolean {
    return writer === this.#own || this.#memory.isLocked(writer.index);
  }
}

/** The begun changes of each writer; zeros if it has none. */
export type Mark = Int32Array;

/** One process's part of the memory. */
class Writer {
  readonly index: number;
  readonly words: Int32Array;
  readonly table: Float64Array;
  readonly log: Float64Array;

  constructor(buffer: ArrayBuffer, index: number) {
    const at = HEAD_WORDS * 4 + index * WRITER_BYTES;
    const doubles = CHANGES_MAX * RANGE_DOUBLES;
    this.index = index;
    this.words = new Int32Array(buffer, at, HEAD_WORDS);
    this.table = new Float64Array(buffer, at + HEAD_WORDS * 4, doubles);
    this.log = new Float64Array(buffer, at + HEAD_WORDS * 4 + doubles * 8, doubles);
  }

  /** The leftovers of a previous owner of this part. Its counts continue. */
  clear(): void {
    this.table.fill(0);
    this.words[Word.active] = 0;
    this.words[Word.wide] = 0;
    this.words[Word.tableEnd] = 0;
  }

  isChanging(volume: number, offset: number, length: number): boolean {
    if (this.words[Word.wide] !== 0) return true;
    const end = this.words[Word.tableEnd]!;
    for (let i = 0; i < end; i++) if (meets(this.table, i, volume, offset, length)) return true;
    return false;
  }

  /** Whether one of the changes from the count `from` up to `to` meets the range. */
  hasBegun(from: number, to: number, volume: number, offset: number, length: number): boolean {
    if (((to - from) | 0) > CHANGES_MAX) return true;
    for (let at = from; at !== to; at = (at + 1) | 0) {
      const i = at & (CHANGES_MAX - 1);
      if (this.log[i * RANGE_DOUBLES] === EVERY_VOLUME) return true;
      if (meets(this.log, i, volume, offset, length)) return true;
    }
    return false;
  }
}

function put(ranges: Float64Array, i: number, volume: number, offset: number, length: number) {
  const at = i * RANGE_DOUBLES;
  ranges[at] = volume;
  ranges[at + 1] = offset;
  ranges[at + 2] = length;
}

function meets(
  ranges: Float64Array,
  i: number,
  volume: number,
  offset: number,
  length: number,
): boolean {
  const at = i * RANGE_DOUBLES;
  const from = ranges[at + 1]!;
  return ranges[at] === volume && from < offset + length && offset < from + ranges[at + 2]!;
}
