import { check } from '../violation.ts';

/** Something that was read, or found, by a command that is under way. */
export interface DocumentReading<Value> {
  readonly possible: Set<Value>;
}

/**
 * What the document says of something. One change at a time is made, which gateways take over one
 * after the other: while it is under way either value is right, and afterwards the new one (I10).
 */
export class DocumentValue<Value> {
  readonly #what: string;
  readonly #readings = new Set<DocumentReading<Value>>();
  #value: Value;
  #next: readonly Value[] = [];
  /** What the next gateway that comes may still show for a moment. */
  #late: readonly Value[] = [];

  constructor(what: string, value: Value) {
    this.#what = what;
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  begin(next: Value): void {
    this.#next = [next];
    for (const { possible } of this.#readings) possible.add(next);
  }

  /** `isServed`: gateways have it; else the next that comes makes it an event. */
  end(isServed: boolean): void {
    this.#late = isServed ? [] : [...this.#late, this.#value];
    [this.#value = this.#value] = this.#next;
    this.#next = [];
  }

  beginReading(): DocumentReading<Value> {
    const reading = { possible: new Set([...this.#late, this.#value, ...this.#next]) };
    this.#readings.add(reading);
    return reading;
  }

  /** `seen` undefined: no answer came. */
  endReading(reading: DocumentReading<Value>, by: string, seen: Value | undefined): void {
    const { possible } = reading;
    this.#readings.delete(reading);
    check(seen === undefined || possible.has(seen), () => {
      const right = [...possible].join(' or ');
      return `${this.#what} is ${seen} through ${by}, and can only be ${right}`;
    });
  }
}

/** What administrators change of a disk and of the ways to it, as initiators see it. */
export class DocumentHistory {
  readonly blocks: DocumentValue<number>;
  readonly product: DocumentValue<string>;
  readonly isMapped = new DocumentValue('the disk mapped', true);
  /** The addresses of gateways that have said once that they do not serve the disk. */
  readonly unserved = new Set<string>();
  /** By host. */
  readonly isAdmitted: ReadonlyMap<string, DocumentValue<boolean>>;

  constructor(hosts: readonly string[], blocks: number, product: string) {
    this.blocks = new DocumentValue('the capacity in blocks', blocks);
    this.product = new DocumentValue('the product', product);
    this.isAdmitted = new Map(
      hosts.map((host) => [host, new DocumentValue(`${host} admitted`, true)]),
    );
  }
}
