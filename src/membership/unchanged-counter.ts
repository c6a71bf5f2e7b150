/** Counts, for each of some things, over how many observations on end its mark has not moved. */
export class UnchangedCounter {
  readonly #seen = new Map<string, { mark: number; count: number }>();

  /**
   * One more observation: the mark of each thing there is. A new thing, or one whose mark has
   * changed, starts at 0; one that is missing is dropped.
   */
  observe(marks: ReadonlyMap<string, number>): void {
    for (const key of this.#seen.keys()) if (!marks.has(key)) this.#seen.delete(key);
    for (const [key, mark] of marks) {
      const before = this.#seen.get(key);
      const count = before?.mark === mark ? before.count + 1 : 0;
      this.#seen.set(key, { mark, count });
    }
  }

  count(key: string): number {
    return this.#seen.get(key)?.count ?? 0;
  }

  /** The observer itself had a gap: all counts start again. */
  reset(): void {
    this.#seen.clear();
  }
}
