/** Handles are small numbers that are never reused. */
export class HandleTable<Item> {
  readonly #items = new Map<number, Item>();
  #last = 0;

  add(item: Item): number {
    this.#last++;
    this.#items.set(this.#last, item);
    return this.#last;
  }

  find(handle: number): Item | undefined {
    return this.#items.get(handle);
  }

  get(handle: number): Item {
    const item = this.find(handle);
    if (item === undefined) throw new Error(`no handle ${handle}`);
    return item;
  }

  take(handle: number): Item {
    const item = this.get(handle);
    this.#items.delete(handle);
    return item;
  }
}
