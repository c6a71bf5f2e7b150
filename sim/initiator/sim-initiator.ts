import { type Clock, sleep } from '../../src/base/clock.ts';
import { compareAndWrite, read16, write16 } from '../../test/initiator/cdb.ts';
import type { Initiator } from '../../test/initiator/initiator.ts';
import { InitiatorError } from '../../test/initiator/initiator-error.ts';
import type { ScsiRequest, ScsiResult } from '../../test/initiator/scsi-exchange.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { BlockOperation, BlockOutcome } from '../checkers/block-history.ts';
import { blockOf, type DiskHistory, valueIn } from '../checkers/disk-history.ts';
import { Violation } from '../violation.ts';
import type { SimPath } from './sim-path.ts';

/** Blocks of the disk that are used: few, so that initiators meet. */
export const BLOCKS = 24;
const LENGTH_MAX = 4;
const THINK_MAX_MS = 80;
const NO_PATH_MS = 100;
const COMMAND_TIMEOUT_MS = 30_000;

const GOOD = 0x00;
const CHECK_CONDITION = 0x02;
const BUSY = 0x08;
const TASK_SET_FULL = 0x28;
const NOT_READY = 0x02;
const UNIT_ATTENTION = 0x06;
const MISCOMPARE = 0x0e;

export interface InitiatorParts {
  readonly name: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly paths: readonly SimPath[];
  readonly history: DiskHistory;
  readonly nextValue: () => number;
  readonly onFailure: (error: unknown) => void;
}

interface Command {
  readonly kind: BlockOperation['kind'];
  readonly lba: number;
  readonly values: readonly number[];
  readonly expected: readonly number[];
}

/** How an attempt ended: `again` when it is to be sent once more. */
interface Ended {
  readonly outcome: BlockOutcome;
  readonly seen?: readonly number[];
  readonly again: boolean;
}

/**
 * A host with several paths to one disk: it uses all of them, and sends what it does not know the
 * outcome of again when it may. Everything it learns goes into the history.
 */
export class SimInitiator {
  readonly #parts: InitiatorParts;
  /** What it last knew of each block. */
  readonly #known = new Map<number, number>();
  #isStopping = false;
  #working = 0;

  constructor(parts: InitiatorParts, workers: number) {
    this.#parts = parts;
    for (let i = 0; i < workers; i++) {
      this.#working++;
      void this.#work(`${parts.name}.${i}`).catch(parts.onFailure);
    }
  }

  get isIdle(): boolean {
    return this.#working === 0;
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** Reads every block once more. */
  async readAll(): Promise<void> {
    for (let lba = 0; lba < BLOCKS; lba++) {
      await this.#perform({ kind: 'read', lba, values: [0], expected: [] }, this.#parts.name);
    }
  }

  async #work(by: string): Promise<void> {
    const { clock, random } = this.#parts;
    while (!this.#isStopping) {
      await this.#perform(this.#nextCommand(), by);
      await sleep(clock, random.below(THINK_MAX_MS));
    }
    this.#working--;
  }

  #nextCommand(): Command {
    const { random, nextValue } = this.#parts;
    const count = 1 + random.below(LENGTH_MAX);
    const lba = random.below(BLOCKS - count);
    const kind = random.pick([
      'write',
      'write',
      'write',
      'read',
      'read',
      'compareAndWrite',
    ] as const);
    const length = kind === 'compareAndWrite' ? 1 : count;
    const each = Array.from({ length }, (_, index) => lba + index);
    const values = each.map(() => (kind === 'read' ? 0 : nextValue()));
    return { kind, lba, values, expected: each.map((block) => this.#known.get(block) ?? 0) };
  }

  async #perform(command: Command, by: string): Promise<void> {
    const { history } = this.#parts;
    for (;;) {
      const path = await this.#path();
      const { kind, lba, values, expected } = command;
      const { logins } = path;
      const operation = history.begin(kind, lba, values, expected, by);
      const ended = await this.#attempt(path.session!, command);
      if (ended === undefined) {
        await path.mayFailOver(logins);
        history.end(operation, kind === 'read' ? 'none' : 'unknown');
        continue;
      }
      history.end(operation, ended.outcome, ended.seen);
      if (!ended.again) {
        this.#learn(command, ended);
        return;
      }
      await sleep(this.#parts.clock, this.#parts.random.below(NO_PATH_MS));
    }
  }

  async #path(): Promise<SimPath> {
    const { paths, random, clock } = this.#parts;
    for (;;) {
      const live = paths.filter(({ session }) => session !== undefined);
      if (live.length > 0) return random.pick(live);
      await sleep(clock, NO_PATH_MS);
    }
  }

  /** Undefined when the path was lost: nothing is known. */
  async #attempt(session: Initiator, command: Command): Promise<Ended | undefined> {
    try {
      return endOf(command, await session.execute(requestOf(command)));
    } catch (error) {
      if (!(error instanceof InitiatorError)) throw error;
      if (error.code === 'protocolViolation') throw new Violation(error.message);
      session.destroy();
      return undefined;
    }
  }

  #learn({ kind, lba, values }: Command, { outcome, seen }: Ended): void {
    if (outcome !== 'done') return;
    const now = kind === 'read' ? (seen ?? []) : values;
    for (const [index, value] of now.entries()) this.#known.set(lba + index, value);
  }
}

function requestOf({ kind, lba, values, expected }: Command): ScsiRequest {
  const timeoutMs = COMMAND_TIMEOUT_MS;
  const data = values.map(blockOf);
  const length = values.length;
  switch (kind) {
    case 'read':
      return { cdb: read16(lba, length), dataInLength: 512 * length, timeoutMs };
    case 'write':
      return { cdb: write16(lba, length), dataOut: Buffer.concat(data), timeoutMs };
    case 'compareAndWrite': {
      const dataOut = Buffer.concat([...expected.map(blockOf), ...data]);
      return { cdb: compareAndWrite(lba, length), dataOut, timeoutMs };
    }
  }
}

function endOf({ kind, values }: Command, { status, sense, dataIn }: ScsiResult): Ended {
  if (status === GOOD) {
    if (kind !== 'read') return { outcome: 'done', again: false };
    const seen = values.map((_, index) => valueIn(dataIn.subarray(512 * index, 512 * (index + 1))));
    return { outcome: 'done', seen, again: false };
  }
  if (status === BUSY || status === TASK_SET_FULL) return { outcome: 'none', again: true };
  const key = status === CHECK_CONDITION ? sense[2]! & 0x0f : undefined;
  if (key === MISCOMPARE) return { outcome: 'miscompare', again: false };
  const isUndone = key === UNIT_ATTENTION || key === NOT_READY || kind === 'read';
  return { outcome: isUndone ? 'none' : 'unknown', again: true };
}
