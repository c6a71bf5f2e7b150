/**
 * Reusable objects of one kind, shared by all their users: a burst leaves at most `freeMax` of them
 * behind.
 */
export class FreeList<T> {
  readonly #make: () => T;
  readonly #freeMax: number;
  readonly #free: T[] = [];

  constructor(freeMax: number, make: () => T) {
    this.#freeMax = freeMax;
    this.#make = make;
  }

  get length(): number {
    return this.#free.length;
  }

  take(): T {
    return this.#free.pop() ?? this.#make();
  }

  put(item: T): void {
    if (this.#free.length < this.#freeMax) this.#free.push(item);
  }
}
