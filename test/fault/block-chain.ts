// Checks a block that is read, and changed only by COMPARE AND WRITE, each to a value of its own.
// Each change names the value that it replaces, so the order of all changes is known. Whether it
// can be the order in time is decided without a search, however many clients there are.

/**
 * How an operation ended, as far as its client knows. `unknown`: it was done before this end, or
 * never is. `refused`: it was not done.
 */
export type BlockOutcome = 'done' | 'miscompare' | 'unknown' | 'refused';

export interface BlockOperation {
  /** Also the value that it writes. */
  readonly id: number;
  readonly by: string;
  readonly kind: 'read' | 'compareAndWrite';
  /** Of COMPARE AND WRITE. */
  readonly expected: number;
  outcome: BlockOutcome | undefined;
  /** Of a read. */
  seen: number;
}

interface Moment {
  readonly operation: BlockOperation;
  readonly isBegin: boolean;
}

/** In the order of changes: a change has an odd place, the value that it writes the next one. */
type Places = ReadonlyMap<BlockOperation, number>;

export class BlockChain {
  readonly counts: Record<BlockOutcome, number> = {
    done: 0,
    miscompare: 0,
    unknown: 0,
    refused: 0,
  };
  /** A value that was in the block lately: what to compare with. */
  latest = 0;
  readonly #operations: BlockOperation[] = [];
  /** All begins and ends in their order. */
  readonly #moments: Moment[] = [];

  /** Right before it is sent. */
  begin(kind: BlockOperation['kind'], by: string): BlockOperation {
    const id = this.#operations.length + 1;
    const operation = { id, by, kind, expected: this.latest, outcome: undefined, seen: 0 };
    this.#operations.push(operation);
    this.#moments.push({ operation, isBegin: true });
    return operation;
  }

  /** Right after its end is known. */
  end(operation: BlockOperation, outcome: BlockOutcome, seen = 0): void {
    operation.outcome = outcome;
    operation.seen = seen;
    this.counts[outcome] += 1;
    this.#moments.push({ operation, isBegin: false });
    if (outcome === 'done') this.latest = operation.kind === 'read' ? seen : operation.id;
  }

  /** What of it no block can have shown; undefined: one block explains it all. */
  fault(): string | undefined {
    const changes = this.#changes();
    if (typeof changes === 'string') return changes;
    const places = this.#places(changes);
    return typeof places === 'string' ? places : this.#faultInTime(places);
  }

  /** The changes that were made, as somebody knows, by the value that each replaced. */
  #changes(): ReadonlyMap<number, BlockOperation> | string {
    const needed = new Set<number>();
    for (const { id, kind, outcome, seen } of this.#operations) {
      if (outcome === 'done') needed.add(kind === 'read' ? seen : id);
    }
    const changes = new Map<number, BlockOperation>();
    // A value that was replaced is added on the way.
    for (const value of needed) {
      if (value === 0) continue;
      const operation = this.#operations[value - 1];
      if (operation?.kind !== 'compareAndWrite') return `value ${value} was never written`;
      const { expected, outcome } = operation;
      if (outcome === 'miscompare' || outcome === 'refused') {
        return `${nameOf(operation)} ended as not done, and was done`;
      }
      const other = changes.get(expected);
      if (other !== undefined) return `${nameOf(operation)} and ${nameOf(other)} were both done`;
      changes.set(expected, operation);
      needed.add(expected);
    }
    return changes;
  }

  #places(changes: ReadonlyMap<number, BlockOperation>): Places | string {
    const places = new Map<BlockOperation, number>();
    const placeOf = new Map([[0, 0]]);
    for (let change = changes.get(0); change !== undefined; change = changes.get(change.id)) {
      const place = 2 * placeOf.size;
      placeOf.set(change.id, place);
      places.set(change, place - 1);
    }
    if (places.size < changes.size) return 'a value was replaced before it was there';
    for (const operation of this.#operations) {
      const { kind, outcome, expected, seen } = operation;
      if (kind === 'read' && outcome === 'done') places.set(operation, placeOf.get(seen)!);
      // Where it is not: see below.
      if (outcome === 'miscompare') places.set(operation, placeOf.get(expected)!);
    }
    return places;
  }

  /** What ended before another began is not after it. */
  #faultInTime(places: Places): string | undefined {
    const firstPlaces = new Map<BlockOperation, number>();
    let ended = 0;
    for (const { operation, isBegin } of this.#moments) {
      const place = places.get(operation);
      if (place === undefined) continue;
      if (isBegin) firstPlaces.set(operation, ended);
      if (operation.outcome === 'miscompare') continue;
      if (isBegin && place < ended) return `${nameOf(operation)} came too late in time`;
      if (!isBegin) ended = Math.max(ended, place);
    }
    return this.#faultOfMiscompares(places, firstPlaces);
  }

  /** A miscompare saw another value than it names: that one was not there all the time. */
  #faultOfMiscompares(places: Places, firstPlaces: Places): string | undefined {
    let last = 0;
    for (const place of places.values()) last = Math.max(last, place);
    const undecided = this.#undecided();
    let begun = Number.POSITIVE_INFINITY;
    for (const [at, { operation, isBegin }] of [...this.#moments.entries()].reverse()) {
      const place = places.get(operation);
      if (place === undefined) continue;
      if (operation.outcome !== 'miscompare') {
        if (isBegin) begun = Math.min(begun, place);
        continue;
      }
      if (isBegin) continue;
      // After the last known value there may be one that nobody has seen.
      const isLast = place >= last && (undecided.get(operation.expected) ?? at) >= at;
      const stayed = isLast || begun <= place + 1;
      if (stayed && firstPlaces.get(operation)! >= place - 1) {
        return `${nameOf(operation)} miscompared with what was there`;
      }
    }
    return undefined;
  }

  /** When the first began of those that may have replaced a value unseen. */
  #undecided(): ReadonlyMap<number, number> {
    const undecided = new Map<number, number>();
    for (const [at, { operation }] of this.#moments.entries()) {
      const { kind, outcome, expected } = operation;
      const isOpen = outcome === undefined || outcome === 'unknown';
      if (kind === 'read' || !isOpen || undecided.has(expected)) continue;
      undecided.set(expected, at);
    }
    return undecided;
  }
}

function nameOf({ id, by, kind, expected, seen }: BlockOperation): string {
  return kind === 'read'
    ? `read ${id} by ${by}, which shows ${seen},`
    : `COMPARE AND WRITE ${id} by ${by}, which replaces ${expected},`;
}
