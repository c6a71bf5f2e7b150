/** The effect on one block of one command that an initiator sent once. */
export interface BlockOperation {
  /** Distinguishes it from all others. */
  readonly id: number;
  readonly kind: 'read' | 'write' | 'compareAndWrite';
  /** The value that was written, or would be. */
  readonly value: number;
  /** Of COMPARE AND WRITE: the value that it compares with. */
  readonly expected: number;
  readonly by: string;
}

/**
 * `unknown`: it may have taken effect by its end, and never does later. `none`: it changed and
 * showed nothing.
 */
export type BlockOutcome = 'done' | 'miscompare' | 'unknown' | 'none';

/** One possible history until now. */
interface Course {
  readonly value: number;
  /** The open operations that have changed the block in this history. */
  readonly done: ReadonlySet<BlockOperation>;
  /** For each open operation that shows a value: the values that it may have seen. */
  readonly shown: ReadonlyMap<BlockOperation, ReadonlySet<number>>;
}

/** Far more than a few initiators can cause. */
const COURSES_MAX = 100_000;

/**
 * Checks that all observations of one block could come from a single copy of it: each operation
 * takes effect at one moment between its begin and its end. The check runs along with the
 * operations: every possible history is kept, and the end of an operation drops those that it
 * contradicts.
 */
export class BlockHistory {
  readonly #open = new Set<BlockOperation>();
  readonly #held = new Set<BlockOperation>();
  #courses: readonly Course[] = [{ value: 0, done: new Set(), shown: new Map() }];

  begin(operation: BlockOperation): void {
    this.#open.add(operation);
    if (operation.kind === 'write') return;
    this.#courses = this.#courses.map(({ value, done, shown }) => {
      return { value, done, shown: new Map([...shown, [operation, new Set([value])]]) };
    });
  }

  /** False if no possible history explains this. `seen`: the value that was read. */
  end(operation: BlockOperation, outcome: BlockOutcome, seen = 0): boolean {
    const next = new Map<string, Course>();
    const courses = outcome === 'none' ? this.#courses : this.#reachable();
    for (const course of courses) {
      if (!allows(course, operation, outcome, seen)) continue;
      const left = without(course, operation);
      next.set(keyOf(left), left);
    }
    this.#open.delete(operation);
    this.#held.delete(operation);
    this.#courses = [...next.values()];
    return this.#courses.length > 0 && this.#courses.length <= COURSES_MAX;
  }

  /** From now on it changes nothing: it is done, or is held until `release`. */
  hold(operation: BlockOperation): void {
    if (!this.#open.has(operation) || this.#held.has(operation)) return;
    this.#courses = [...this.#reachable()];
    this.#held.add(operation);
  }

  /** The held operations may change the block again. */
  release(): void {
    this.#held.clear();
  }

  /** Every possible history until now: open operations may have changed the block, in any order. */
  #reachable(): Iterable<Course> {
    const found = new Map<string, Course>();
    const waiting = [...this.#courses];
    for (let course = waiting.pop(); course !== undefined; course = waiting.pop()) {
      const key = keyOf(course);
      if (found.has(key)) continue;
      found.set(key, course);
      for (const operation of this.#open) {
        if (!this.#held.has(operation) && mayChange(operation, course))
          waiting.push(changed(course, operation));
      }
    }
    return found.values();
  }
}

function mayChange(operation: BlockOperation, { value, done }: Course): boolean {
  if (operation.kind === 'read' || done.has(operation)) return false;
  return operation.kind === 'write' || value === operation.expected;
}

function changed({ done, shown }: Course, operation: BlockOperation): Course {
  const { value } = operation;
  const later = new Map([...shown].map(([each, values]) => [each, new Set([...values, value])]));
  return { value, done: new Set([...done, operation]), shown: later };
}

function allows(
  { done, shown }: Course,
  operation: BlockOperation,
  outcome: BlockOutcome,
  seen: number,
): boolean {
  const isDone = done.has(operation);
  switch (outcome) {
    case 'unknown':
      return true;
    case 'none':
      return !isDone;
    case 'miscompare':
      return !isDone && [...shown.get(operation)!].some((value) => value !== operation.expected);
    case 'done':
      return operation.kind === 'read' ? shown.get(operation)!.has(seen) : isDone;
  }
}

function without({ value, done, shown }: Course, operation: BlockOperation): Course {
  const left = new Set(done);
  left.delete(operation);
  const others = new Map(shown);
  others.delete(operation);
  return { value, done: left, shown: others };
}

function keyOf({ value, done, shown }: Course): string {
  const ids = [...done].map(({ id }) => id).sort((a, b) => a - b);
  const seen = [...shown].map(([{ id }, values]) => `${id}=${[...values].sort().join('/')}`);
  return `${value}:${ids.join()}:${seen.join()}`;
}
