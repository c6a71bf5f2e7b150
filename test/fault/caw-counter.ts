import { compareAndWrite, read16, write16 } from '../initiator/cdb.ts';
import type { Address } from '../initiator/host.ts';
import { InitiatorError } from '../initiator/initiator-error.ts';
import { MultipathInitiator } from '../initiator/multipath-initiator.ts';

export interface CawCounterOptions {
  readonly paths: readonly Address[];
  readonly targetName: string;
  readonly initiators: number;
  readonly lba: number;
  readonly blockLength?: number;
}

export interface CawSummary {
  /** Increments that their initiators hold for done, by initiator. */
  readonly done: readonly number[];
  readonly miscompares: number;
  /** Outcomes that a lost path left unknown, and how many of these had been applied. */
  readonly unknown: number;
  readonly unknownApplied: number;
  /** The block's total, and its share of each initiator. */
  readonly total: number;
  readonly shares: readonly number[];
}

const TOTAL_AT = 0;
const SHARES_AT = 8;
const MISCOMPARE = 0x0e;

/**
 * Initiators that count up one block with COMPARE AND WRITE over all paths. The block holds the
 * total and, per initiator, the number of its last increment: whoever lost its answer with its
 * path reads there whether the increment was applied. No update lost or doubled means: the total
 * is the sum of the shares, and each share is what its initiator counted.
 */
export class CawCounter {
  readonly #options: CawCounterOptions;
  readonly #initiators: readonly MultipathInitiator[];
  readonly #done: number[];
  /** Initiators whose next increment lost its path, and was not applied when last seen. */
  readonly #late = new Set<number>();
  #running = false;
  #workers: Promise<void>[] = [];
  #miscompares = 0;
  #unknown = 0;
  #unknownApplied = 0;

  private constructor(options: CawCounterOptions, initiators: readonly MultipathInitiator[]) {
    this.#options = options;
    this.#initiators = initiators;
    this.#done = initiators.map(() => 0);
  }

  static async connect(options: CawCounterOptions): Promise<CawCounter> {
    const initiators: MultipathInitiator[] = [];
    for (let index = 0; index < options.initiators; index++) {
      initiators.push(
        await MultipathInitiator.connect({
          paths: options.paths,
          preferred: index % options.paths.length,
          login: {
            initiatorName: `iqn.2026-11.test:counter-${index}`,
            targetName: options.targetName,
          },
        }),
      );
    }
    const zeros = { cdb: write16(options.lba, 1), dataOut: Buffer.alloc(blockLength(options)) };
    const { status } = await initiators[0]!.execute(zeros);
    if (status !== 0) throw new Error(`WRITE: status ${status}`);
    return new CawCounter(options, initiators);
  }

  get increments(): number {
    return this.#done.reduce((sum, count) => sum + count, 0);
  }

  get isConnected(): boolean {
    const { paths } = this.#options;
    return this.#initiators.every((initiator) => {
      return paths.every((_, path) => initiator.isConnected(path));
    });
  }

  /** Spreads the initiators over the paths, as at the start. */
  rebalance(): void {
    for (const [index, initiator] of this.#initiators.entries()) {
      initiator.prefer(index % this.#options.paths.length);
    }
  }

  start(): void {
    this.#running = true;
    this.#workers = this.#initiators.map((_, index) => this.#count(index));
    for (const worker of this.#workers) worker.catch(() => {});
  }

  async pause(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  /** What was counted, and what the block says through this path. */
  async summary(path: number): Promise<CawSummary> {
    const reader = this.#initiators[0]!;
    reader.prefer(path);
    const block = await this.#read(reader);
    for (const index of [...this.#late]) this.#resolve(index, block);
    return {
      done: [...this.#done],
      miscompares: this.#miscompares,
      unknown: this.#unknown,
      unknownApplied: this.#unknownApplied,
      total: block.readUInt32BE(TOTAL_AT),
      shares: this.#done.map((_, index) => shareOf(block, index)),
    };
  }

  async close(): Promise<void> {
    await this.pause().catch(() => {});
    await Promise.all(this.#initiators.map((initiator) => initiator.close()));
  }

  async #count(index: number): Promise<void> {
    const initiator = this.#initiators[index]!;
    let known = await this.#read(initiator);
    while (this.#running) {
      const next = Buffer.from(known);
      next.writeUInt32BE(known.readUInt32BE(TOTAL_AT) + 1, TOTAL_AT);
      next.writeUInt32BE(this.#done[index]! + 1, SHARES_AT + 4 * index);
      const outcome = await this.#swap(initiator, known, next);
      if (outcome === 'swapped') {
        this.#done[index]! += 1;
        // It compares with a total that is gone.
        this.#late.delete(index);
        known = next;
        continue;
      }
      known = await this.#read(initiator);
      if (outcome === 'miscompare') this.#miscompares += 1;
      else {
        this.#unknown += 1;
        this.#late.add(index);
      }
      this.#resolve(index, known);
    }
  }

  /**
   * Where a path was lost with its gateway's end. What that gateway had sent to a cluster may land
   * until its fence is finished: then it is the very increment that its initiator tries again, and
   * only one of the two can be applied.
   */
  #resolve(index: number, block: Buffer): void {
    if (!this.#late.has(index) || shareOf(block, index) !== this.#done[index]! + 1) return;
    this.#late.delete(index);
    this.#done[index]! += 1;
    this.#unknownApplied += 1;
  }

  async #swap(
    initiator: MultipathInitiator,
    known: Buffer,
    next: Buffer,
  ): Promise<'swapped' | 'miscompare' | 'unknown'> {
    const request = {
      cdb: compareAndWrite(this.#options.lba, 1),
      dataOut: Buffer.concat([known, next]),
    };
    try {
      const { status, sense } = await initiator.execute(request, { retry: false });
      if (status === 0) return 'swapped';
      if (status === 0x02 && senseKey(sense) === MISCOMPARE) return 'miscompare';
      throw new Error(`COMPARE AND WRITE: status ${status} ${sense.toString('hex')}`);
    } catch (error) {
      if (error instanceof InitiatorError && error.code === 'connectionLost') return 'unknown';
      throw error;
    }
  }

  async #read(initiator: MultipathInitiator): Promise<Buffer> {
    const dataInLength = blockLength(this.#options);
    const { status, dataIn } = await initiator.execute({
      cdb: read16(this.#options.lba, 1),
      dataInLength,
    });
    if (status !== 0) throw new Error(`READ: status ${status}`);
    return dataIn;
  }
}

function shareOf(block: Buffer, index: number): number {
  return block.readUInt32BE(SHARES_AT + 4 * index);
}

function blockLength({ blockLength = 512 }: CawCounterOptions): number {
  return blockLength;
}

function senseKey(sense: Buffer): number {
  return sense[(sense[0]! & 0x7f) >= 0x72 ? 1 : 2]! & 0x0f;
}
