import { type Clock, sleep } from '../../src/base/clock.ts';
import { compareAndWrite, read16, write16 } from '../../test/initiator/cdb.ts';
import type { ScsiRequest, ScsiResult } from '../../test/initiator/scsi-exchange.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { BlockOperation, BlockOutcome } from '../checkers/block-history.ts';
import { blockOf, valueIn } from '../checkers/disk-history.ts';
import type { UnitHistory } from '../checkers/unit-history.ts';
import type { NexusCommands } from './nexus-commands.ts';
import type { PortNames } from './port-names.ts';
import { changedNothing, SenseKey, Status, senseOf } from './scsi-status.ts';
import type { SimPath } from './sim-path.ts';
import { type UnitEventKind, UnitEvents } from './unit-events.ts';

/** Blocks of the disk that are used: few, so that initiators conflict. */
export const BLOCKS = 24;
const LENGTH_MAX = 4;
const THINK_MAX_MS = 80;
const NO_PATH_MS = 100;
const COMMAND_TIMEOUT_MS = 30_000;

export interface InitiatorParts {
  readonly name: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly paths: readonly SimPath[];
  readonly history: UnitHistory;
  readonly ports: PortNames;
  /** The reservation keys of all hosts, by name. */
  readonly keys: ReadonlyMap<string, string>;
  /** The events that it causes besides reading and writing. */
  readonly events: readonly UnitEventKind[];
  readonly onEvent: (kind: UnitEventKind) => void;
  readonly nextValue: () => number;
  readonly onFailure: (error: unknown) => void;
}

interface Command {
  readonly kind: BlockOperation['kind'];
  readonly lba: number;
  readonly values: readonly number[];
  readonly expected: readonly number[];
}

/** How an attempt ended; `again`: it is to be sent once more. */
interface Ended {
  readonly outcome: BlockOutcome;
  readonly seen?: readonly number[];
  readonly again: boolean;
  /** A reservation of another nexus keeps it from the medium. */
  readonly isRefused: boolean;
}

/**
 * A host with several paths to one disk: it uses all of them, and repeats a command of unknown
 * outcome as soon as it may. Everything it learns goes into the history.
 */
export class SimInitiator {
  readonly #parts: InitiatorParts;
  /** The last known value of each block. */
  readonly #known = new Map<number, number>();
  #isStopping = false;
  readonly #events: UnitEvents;
  #working = 0;

  constructor(parts: InitiatorParts, workers: number) {
    this.#parts = parts;
    const { name, paths, events } = parts;
    this.#events = new UnitEvents({ ...parts, host: name }, paths, events);
    for (let i = 0; i < workers; i++) {
      this.#working++;
      void this.#work(`${parts.name}.${i}`).catch(parts.onFailure);
    }
  }

  get isIdle(): boolean {
    return this.#working === 0 && this.#events.isIdle;
  }

  stop(): void {
    this.#isStopping = true;
    this.#events.stop();
  }

  /** Reads every block once more; there are no reservations from then on. */
  async readAll(): Promise<void> {
    await this.#events.clear();
    this.#isStopping = false;
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
    const { clock, random } = this.#parts;
    for (;;) {
      const path = await this.#path();
      const ended = await this.#attempt(path, path.commands!, command, by);
      if (!ended.again) this.#learn(command, ended);
      if (!ended.again || (ended.isRefused && this.#isStopping)) return;
      await sleep(clock, random.below(NO_PATH_MS));
    }
  }

  async #path(): Promise<SimPath> {
    const { paths, random, clock } = this.#parts;
    for (;;) {
      const live = paths.filter(({ commands }) => commands !== undefined);
      if (live.length > 0) return random.pick(live);
      await sleep(clock, NO_PATH_MS);
    }
  }

  async #attempt(
    path: SimPath,
    commands: NexusCommands,
    command: Command,
    by: string,
  ): Promise<Ended> {
    const { blocks, reservations } = this.#parts.history;
    const { kind, lba, values, expected } = command;
    const { nexus, session, logins } = path;
    const operation = blocks.begin(kind, lba, values, expected, by, nexus);
    const access = reservations.beginAccess(session, kind === 'read' ? 'reads' : 'writes');
    const result = await commands.execute(kind, requestOf(command));
    if (result === 'lost') await path.mayFailOver(logins);
    const ended = typeof result === 'string' ? GIVEN_UP : endOf(command, result);
    const outcome = kind === 'read' && ended.outcome === 'unknown' ? 'none' : ended.outcome;
    blocks.end(operation, outcome, ended.seen);
    const isAllowed = outcome === 'done' || outcome === 'miscompare';
    reservations.endAccess(access, isAllowed ? 'allowed' : ended.isRefused ? 'conflict' : 'none');
    return ended;
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

/** Aborted, or lost with its session. */
const GIVEN_UP: Ended = { outcome: 'unknown', again: true, isRefused: false };

function endOf({ kind, values }: Command, result: ScsiResult): Ended {
  const { status, dataIn } = result;
  const isRefused = status === Status.reservationConflict;
  if (status === Status.good) {
    if (kind !== 'read') return { outcome: 'done', again: false, isRefused };
    const seen = values.map((_, index) => valueIn(dataIn.subarray(512 * index, 512 * (index + 1))));
    return { outcome: 'done', seen, again: false, isRefused };
  }
  const isMiscompare = senseOf(result)?.key === SenseKey.miscompare;
  if (isMiscompare) return { outcome: 'miscompare', again: false, isRefused };
  return { outcome: changedNothing(result) ? 'none' : 'unknown', again: true, isRefused };
}
