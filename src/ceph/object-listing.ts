import type { PoolHandle } from './pool-handle.ts';

interface ListingPage {
  readonly errno: number;
  readonly names: readonly string[];
  /** Whether this was the last page. */
  readonly done: boolean;
}

/** The most names of one page. */
const LISTING_PAGE_MAX = 4096;

/** A walk over the objects of a pool's namespace; `close` it unless it came to its end. */
export class ObjectListing {
  readonly #pool: PoolHandle;
  readonly #prefix: string;
  #cursor = 0;
  #done = false;

  constructor(pool: PoolHandle, prefix: string) {
    this.#pool = pool;
    this.#prefix = prefix;
  }

  /** The next page: at most `max` names, possibly fewer (even none) before the last page. */
  async next(max: number = LISTING_PAGE_MAX): Promise<ListingPage> {
    if (this.#done) return { errno: 0, names: [], done: true };
    const { calls, gate, handle } = this.#pool;
    const limit = Math.min(max, LISTING_PAGE_MAX);
    const { errno, value } = await gate.run(() =>
      calls.call<{ names: string[]; cursor: number }>((native, slot) =>
        native.listObjects(slot, handle, this.#cursor, this.#prefix, limit),
      ),
    );
    this.#cursor = errno < 0 ? 0 : value.cursor;
    this.#done = this.#cursor === 0;
    return { errno, names: errno < 0 ? [] : value.names, done: this.#done };
  }

  /** All names, or undefined and the errno; -E2BIG is not there: more than `max` end the walk. */
  async all(max: number): Promise<{ errno: number; names: string[]; complete: boolean }> {
    const names: string[] = [];
    for (;;) {
      const page = await this.next(Math.max(1, Math.min(max - names.length, LISTING_PAGE_MAX)));
      names.push(...page.names);
      if (page.errno < 0 || page.done) return { errno: page.errno, names, complete: page.done };
      if (names.length >= max) {
        this.close();
        return { errno: 0, names, complete: false };
      }
    }
  }

  close(): void {
    this.#done = true;
    if (this.#cursor !== 0) this.#pool.calls.native.closeListing(this.#cursor);
    this.#cursor = 0;
  }
}
