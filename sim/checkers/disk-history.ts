import { check, Violation } from '../violation.ts';
import { BlockHistory, type BlockOperation, type BlockOutcome } from './block-history.ts';

const TOLD_MAX = 30;

export interface DiskOperation {
  readonly lba: number;
  readonly nexus: string;
  readonly blocks: readonly BlockOperation[];
}

/** The operations of all initiators on the blocks of a disk; each block must be linearizable. */
export class DiskHistory {
  readonly #blocks = new Map<number, BlockHistory>();
  readonly #lines = new Map<number, string[]>();
  readonly #open = new Set<DiskOperation>();
  readonly #nowMs: () => number;
  #ids = 0;
  operations = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `values` and `expected`: one for each block. */
  begin(
    kind: BlockOperation['kind'],
    lba: number,
    values: readonly number[],
    expected: readonly number[],
    by: string,
    nexus = by,
  ): DiskOperation {
    const blocks = values.map((value, index) => {
      const id = ++this.#ids;
      const operation = { id, kind, value, expected: expected[index] ?? 0, by };
      this.#blockOf(lba + index).begin(operation);
      this.#record(lba + index, operation, 'begins');
      return operation;
    });
    const begun = { lba, nexus, blocks };
    this.#open.add(begun);
    return begun;
  }

  end(operation: DiskOperation, outcome: BlockOutcome, seen: readonly number[] = []): void {
    this.operations++;
    this.#open.delete(operation);
    const { lba, blocks } = operation;
    for (const [index, block] of blocks.entries()) {
      const shown = seen[index];
      this.#record(lba + index, block, shown === undefined ? outcome : `${outcome}: ${shown}`);
      if (this.#blockOf(lba + index).end(block, outcome, shown)) continue;
      const lines = this.#lines.get(lba + index)!.slice(-TOLD_MAX);
      throw new Violation(
        `block ${lba + index} shows what no one disk could:\n${lines.join('\n')}`,
      );
    }
  }

  /**
   * These nexuses may not write: their open writes are done by now, or are held until `release`.
   */
  hold(forbids: (nexus: string) => boolean): void {
    for (const { lba, nexus, blocks } of this.#open) {
      if (!forbids(nexus)) continue;
      for (const [index, block] of blocks.entries()) this.#blockOf(lba + index).hold(block);
    }
  }

  release(): void {
    for (const block of this.#blocks.values()) block.release();
  }

  #blockOf(lba: number): BlockHistory {
    let block = this.#blocks.get(lba);
    if (block === undefined) {
      block = new BlockHistory();
      this.#blocks.set(lba, block);
      this.#lines.set(lba, []);
    }
    return block;
  }

  #record(lba: number, { id, kind, value, expected, by }: BlockOperation, how: string): void {
    const what =
      kind === 'compareAndWrite' ? `${kind} ${expected} -> ${value}` : `${kind} ${value}`;
    this.#lines.get(lba)!.push(`  ${this.#nowMs().toFixed(1)} ${by} #${id} ${what} ${how}`);
  }
}

const BLOCK_BYTES = 512;

/** A block with a value in each of its words. */
export function blockOf(value: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 4) block.writeUInt32BE(value, at);
  return block;
}

/** The value of a block. Throws a `Violation` if the block has parts of several values. */
export function valueIn(block: Buffer): number {
  const value = block.readUInt32BE(0);
  check(block.equals(blockOf(value)), () => `a torn block: ${block.toString('hex')}`);
  return value;
}
