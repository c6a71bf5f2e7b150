import { check } from '../violation.ts';
import { BlockHistory, type BlockOperation, type BlockOutcome } from './block-history.ts';

/** A change of unknown outcome may still take effect for this long after it was given up. */
const LATE_MAX_MS = 10_000;

/**
 * One mode parameter of a logical unit: it reads the same through every path once the command that
 * changed it is answered (I6).
 */
export class ModeHistory {
  readonly #history = new BlockHistory();
  readonly #nowMs: () => number;
  #ids = 0;
  #changes = 0;
  /** Changes of unknown outcome. */
  readonly #open = new Set<BlockOperation>();
  #lateUntilMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  begin(kind: 'read' | 'write', value: number, by: string): BlockOperation {
    const operation = { id: ++this.#ids, kind, value, expected: 0, by };
    this.#history.begin(operation);
    if (kind === 'write') {
      this.#changes++;
      this.#open.add(operation);
    }
    return operation;
  }

  end(operation: BlockOperation, outcome: BlockOutcome, seen?: number): void {
    const { kind, value, by } = operation;
    if (outcome === 'unknown') this.#lateUntilMs = this.#nowMs() + LATE_MAX_MS;
    this.#open.delete(operation);
    check(this.#history.end(operation, outcome, seen), () => {
      return `modes show what no one unit could: ${kind} ${seen ?? value} of ${by} is ${outcome}`;
    });
  }

  /** All gateways were down at once: the current values may be the saved ones again. */
  lifeBegan(saved: number): void {
    this.end(this.begin('write', saved, 'life'), 'unknown');
  }

  /** Changes that have started. */
  get changes(): number {
    return this.#changes;
  }

  /** The same, if none of them can still take effect. */
  get mark(): number | undefined {
    return this.#open.size === 0 && this.#nowMs() >= this.#lateUntilMs ? this.#changes : undefined;
  }
}
