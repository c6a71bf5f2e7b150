import { check } from '../violation.ts';

/** The parameters that initiators change, as they are saved: D_SENSE 0 and TST 001b. */
export const MODES_SAVED = 0;
/** A change of unknown outcome may come as late as this after it was given up. */
const LATE_MAX_MS = 10_000;
const TOLD_MAX = 12;

interface ModeOperation {
  readonly kind: 'read' | 'write';
  readonly value: number;
  readonly by: string;
  /** Of a read, the values that it may show; of a write, those that others wrote meanwhile. */
  readonly values: Set<number>;
  /** A change was under way beside it. */
  isBeside: boolean;
}

/**
 * The mode parameters of a logical unit that initiators change, in one number: they read the same
 * through every path once the command that changed them is answered (I6). Until then a gateway
 * shows those of before or after it.
 */
export class ModeHistory {
  readonly #nowMs: () => number;
  #changes = 0;
  readonly #open = new Set<ModeOperation>();
  /** While no change is under way, the same at every gateway. */
  #possible = new Set([MODES_SAVED]);
  #lateUntilMs = 0;
  #lines: string[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  begin(kind: 'read' | 'write', value: number, by: string): ModeOperation {
    const writes = this.#writes;
    const others = writes.map((write) => write.value);
    const values = new Set(kind === 'read' ? [...this.#possible, ...others] : others);
    const operation = { kind, value, by, values, isBeside: writes.length > 0 };
    if (kind === 'write') {
      this.#record(operation, 'begins');
      this.#changes++;
      for (const other of this.#open) {
        other.values.add(value);
        other.isBeside = true;
      }
    }
    this.#open.add(operation);
    return operation;
  }

  end(operation: ModeOperation, outcome: 'done' | 'unknown' | 'none', seen?: number): void {
    this.#open.delete(operation);
    const { kind, value, values } = operation;
    this.#record(operation, seen === undefined ? outcome : `shows ${seen}`);
    if (kind === 'read') {
      if (outcome === 'done') this.#read(operation, seen!);
    } else if (outcome === 'done') {
      this.#possible = new Set([value, ...values]);
    } else if (outcome === 'unknown') {
      this.#lateUntilMs = this.#nowMs() + LATE_MAX_MS;
      this.#possible.add(value);
    }
  }

  /** All gateways were down at one time: the current values may be the saved ones again. */
  lifeBegan(): void {
    this.end(this.begin('write', MODES_SAVED, 'life'), 'unknown');
  }

  /** Changes that have started. */
  get changes(): number {
    return this.#changes;
  }

  /** The same, if none of them can still take effect. */
  get mark(): number | undefined {
    return this.#writes.length === 0 && this.#nowMs() >= this.#lateUntilMs
      ? this.#changes
      : undefined;
  }

  get #writes(): readonly ModeOperation[] {
    return [...this.#open].filter(({ kind }) => kind === 'write');
  }

  #record({ kind, value, by }: ModeOperation, how: string): void {
    const what = kind === 'read' ? kind : `${kind} ${value}`;
    this.#lines.push(`  ${this.#nowMs().toFixed(1)} ${what} of ${by} ${how}`);
    if (this.#lines.length > TOLD_MAX) this.#lines.shift();
  }

  #read({ by, values, isBeside }: ModeOperation, seen: number): void {
    check(values.has(seen), () => {
      const what = `modes read as ${seen} by ${by}, and can only be ${[...values].join(' or ')}`;
      return [what, ...this.#lines].join('\n');
    });
    if (!isBeside && this.mark !== undefined) this.#possible = new Set([seen]);
  }
}
