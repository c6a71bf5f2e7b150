// Circles of imports: sets of files of which each reaches each other by imports.

/** Files that import each other, each set sorted; a file that imports itself is one. */
export function importCircles(graph: ReadonlyMap<string, readonly string[]>): readonly string[][] {
  const search = new CircleSearch(graph);
  for (const file of graph.keys()) search.visit(file);
  return search.circles;
}

/** Tarjan's strongly connected components. */
class CircleSearch {
  readonly circles: string[][] = [];
  readonly #graph: ReadonlyMap<string, readonly string[]>;
  readonly #order = new Map<string, number>();
  readonly #lowest = new Map<string, number>();
  readonly #path: string[] = [];
  readonly #onPath = new Set<string>();

  constructor(graph: ReadonlyMap<string, readonly string[]>) {
    this.#graph = graph;
  }

  visit(file: string): void {
    if (this.#order.has(file)) return;
    const order = this.#order.size;
    this.#order.set(file, order);
    this.#path.push(file);
    this.#onPath.add(file);
    let lowest = order;
    for (const to of this.#graph.get(file) ?? []) {
      if (!this.#graph.has(to)) continue;
      this.visit(to);
      if (!this.#onPath.has(to)) continue;
      lowest = Math.min(lowest, this.#lowest.get(to) ?? this.#order.get(to) ?? order);
    }
    this.#lowest.set(file, lowest);
    if (lowest === order) this.#close(file);
  }

  #close(file: string): void {
    const circle = this.#path.splice(this.#path.lastIndexOf(file));
    for (const member of circle) this.#onPath.delete(member);
    const isAlone = circle.length === 1 && !(this.#graph.get(file) ?? []).includes(file);
    if (!isAlone) this.circles.push(circle.sort());
  }
}
