import type { Address } from '../initiator/host.ts';
import { MultipathInitiator } from '../initiator/multipath-initiator.ts';
import { StampedWriter } from './stamped-writer.ts';
import { SteadySession } from './steady-session.ts';
import { HANG_MS, waitFor } from './wait-for.ts';

export interface StampedLoadOptions {
  readonly paths: readonly Address[];
  readonly targetName: string;
  /** Initiators, with a writer each for every logical unit. */
  readonly writers: number;
  /** The first alone unless given. */
  readonly luns?: readonly number[];
  readonly depth?: number;
  /** Between a status and the next write; 0 unless given. */
  readonly thinkMs?: number;
  /** Units of 4 KiB that each writer has for itself. */
  readonly units?: number;
  readonly blockLength?: number;
  /** Sees no answer to a NOP-Out for so long: the path is given up. */
  readonly answerBoundMs?: number;
}

/** Several initiators, each with a region of its own, spread over the paths by turns. */
export class StampedLoad {
  readonly writers: readonly StampedWriter[];
  readonly #options: StampedLoadOptions;

  private constructor(options: StampedLoadOptions, writers: readonly StampedWriter[]) {
    this.#options = options;
    this.writers = writers;
  }

  static async connect(options: StampedLoadOptions): Promise<StampedLoad> {
    const { units = 512, luns = [0] } = options;
    const writers: StampedWriter[] = [];
    for (let writer = 0; writer < options.writers; writer++) {
      const initiator = await MultipathInitiator.connect({
        paths: options.paths,
        preferred: writer % options.paths.length,
        login: {
          initiatorName: `iqn.2026-11.test:writer-${writer}`,
          targetName: options.targetName,
        },
        ...(options.answerBoundMs === undefined ? {} : { answerBoundMs: options.answerBoundMs }),
      });
      for (const [index, lun] of luns.entries()) {
        writers.push(
          new StampedWriter({
            initiator,
            writer: writer * luns.length + index,
            lun,
            firstUnit: writer * units,
            units,
            blockLength: options.blockLength ?? 512,
            depth: options.depth ?? 4,
            thinkMs: options.thinkMs ?? 0,
          }),
        );
      }
    }
    return new StampedLoad(options, writers);
  }

  get acknowledged(): number {
    return this.writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  get retried(): number {
    return this.writers.reduce((sum, { retried }) => sum + retried, 0);
  }

  start(): void {
    for (const writer of this.writers) {
      writer.resetWorst();
      writer.start();
    }
  }

  /** Resolves when every writer has had another `count` writes acknowledged. */
  async progress(count: number, limitMs = HANG_MS): Promise<void> {
    const goals = this.writers.map(({ acknowledged }) => acknowledged + count);
    await waitFor(
      'every writer goes on',
      () =>
        this.writers.every(({ acknowledged, failure }, index) => {
          if (failure !== undefined) throw failure;
          return acknowledged >= goals[index]!;
        }),
      limitMs,
    );
  }

  async pause(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.pause()));
  }

  /** What was acknowledged and does not read back through this path. */
  async faults(path: number): Promise<string[]> {
    const { paths, targetName } = this.#options;
    const initiatorName = 'iqn.2026-11.test:reader';
    const reader = await SteadySession.open({ ...paths[path]!, initiatorName, targetName });
    const faults: string[] = [];
    for (const writer of this.writers) faults.push(...(await writer.faults(reader)));
    await reader.logout();
    return faults;
  }

  /** Waits for all paths of all writers, and spreads the writers over them again. */
  async rebalance(): Promise<void> {
    const count = this.#options.paths.length;
    await waitFor(
      'all paths are back',
      () =>
        this.writers.every(({ initiator }) => {
          return this.#options.paths.every((_, path) => initiator.isConnected(path));
        }),
      HANG_MS,
    );
    const initiators = new Set(this.writers.map(({ initiator }) => initiator));
    for (const [index, initiator] of [...initiators].entries()) initiator.prefer(index % count);
    for (const writer of this.writers) writer.settled();
  }

  async close(): Promise<void> {
    await this.pause().catch(() => {});
    const initiators = new Set(this.writers.map(({ initiator }) => initiator));
    await Promise.all([...initiators].map((initiator) => initiator.close()));
  }
}
