import { assert } from '../../base/assert.ts';
import {
  COPIES_AT_ONCE_MAX,
  IDENTIFIED_COPIES_MAX,
  IDENTIFIED_COPIES_OF_INITIATOR_MAX,
  IDENTIFIED_COPY_KEPT_MS,
} from './copy-limits.ts';

/** What names a copy at every gateway: paths of one initiator share it. */
export interface CopyName {
  /** Of the disk that the copy was sent to. */
  readonly uuid: string;
  /** SCSI initiator device name. */
  readonly initiator: string;
  readonly listId: number;
}

/** What an initiator can learn of a copy that it identified by 32 bits. */
export interface CopyReport {
  /** UTC, in milliseconds: of two copies with one name the later one is meant. */
  readonly beganMs: number;
  /** Of THIRD-PARTY COPY OUT. */
  readonly serviceAction: number;
  readonly state: 'inProgress' | 'completed' | 'failed' | 'terminated';
  /** Blocks if tokens were made or used, else bytes. */
  readonly transferCount: number;
  readonly segmentsProcessed: number;
  /** Of a copy that failed. */
  readonly sense?: Uint8Array;
  /** That a POPULATE TOKEN made. */
  readonly token?: Uint8Array;
}

interface IdentifiedCopy {
  readonly name: CopyName;
  report: CopyReport;
}

interface IdentifiedCopiesOptions {
  readonly utcMs: () => number;
  /** The reports of all gateways; undefined if they cannot be asked. */
  readonly askAll: (name: CopyName) => Promise<readonly CopyReport[] | undefined>;
}

/** The changes of a copy that is in progress. */
export type CopyChange = Partial<Omit<CopyReport, 'beganMs' | 'serviceAction'>>;

/**
 * The copies of this gateway that initiators identified by 32 bits, in memory. Paths of an
 * initiator share its identifiers, so a question about a copy goes to all gateways. What a gateway
 * knew is lost with it, and the initiator then copies by itself.
 */
export class IdentifiedCopies {
  readonly #options: IdentifiedCopiesOptions;
  /** In the order in which they began. */
  readonly #copies = new Map<string, IdentifiedCopy>();

  constructor(options: IdentifiedCopiesOptions) {
    this.#options = options;
  }

  /** Whether a copy of that name is in progress. */
  isInProgress(name: CopyName): boolean {
    return this.#copies.get(keyOf(name))?.report.state === 'inProgress';
  }

  /** Whether the initiator has as many copies in progress at the disk as it may have. */
  isFull(name: CopyName): boolean {
    const running = this.#of(name).filter(({ report }) => report.state === 'inProgress');
    return running.length >= COPIES_AT_ONCE_MAX || this.#inProgress >= IDENTIFIED_COPIES_MAX;
  }

  /** A copy begins; what was known of an earlier one of that name is forgotten. */
  begin(name: CopyName, serviceAction: number): (change: CopyChange) => void {
    assert(!this.isInProgress(name), 'two copies in progress have different names');
    assert(!this.isFull(name), 'the copies of an initiator are bounded');
    this.#copies.delete(keyOf(name));
    this.#makeRoom(name);
    const beganMs = this.#options.utcMs();
    const copy: IdentifiedCopy = {
      name,
      report: {
        ...{ beganMs, serviceAction, state: 'inProgress', transferCount: 0 },
        segmentsProcessed: 0,
      },
    };
    this.#copies.set(keyOf(name), copy);
    return (change) => {
      copy.report = { ...copy.report, ...change };
    };
  }

  /** What this gateway knows of a copy. */
  reportOf(name: CopyName): CopyReport | undefined {
    const copy = this.#copies.get(keyOf(name));
    return copy === undefined || this.#isOld(copy) ? undefined : copy.report;
  }

  /** What any gateway knows of a copy. */
  async find(name: CopyName): Promise<CopyReport | 'notAnswered' | undefined> {
    // Others are asked even so: an initiator that was started again reuses its identifiers.
    const all = await this.#options.askAll(name);
    const own = this.reportOf(name);
    if (all === undefined) return own ?? 'notAnswered';
    const [first, ...others] = own === undefined ? all : [own, ...all];
    return others.reduce(
      (latest, each) => (latest === undefined || each.beganMs > latest.beganMs ? each : latest),
      first,
    );
  }

  get #inProgress(): number {
    return [...this.#copies.values()].filter(({ report }) => report.state === 'inProgress').length;
  }

  #of({ uuid, initiator }: CopyName): readonly IdentifiedCopy[] {
    return [...this.#copies.values()].filter(
      ({ name }) => name.uuid === uuid && name.initiator === initiator,
    );
  }

  #makeRoom(name: CopyName): void {
    for (const [key, copy] of this.#copies) if (this.#isOld(copy)) this.#copies.delete(key);
    const own = this.#of(name);
    if (own.length >= IDENTIFIED_COPIES_OF_INITIATOR_MAX) this.#dropOldest(own);
    if (this.#copies.size >= IDENTIFIED_COPIES_MAX) this.#dropOldest([...this.#copies.values()]);
  }

  #dropOldest(copies: readonly IdentifiedCopy[]): void {
    const oldest = copies.find(({ report }) => report.state !== 'inProgress');
    assert(oldest !== undefined, 'not all copies are in progress');
    this.#copies.delete(keyOf(oldest.name));
  }

  /** Its initiator gave up asking long ago. */
  #isOld({ report }: IdentifiedCopy): boolean {
    const isOver = report.state !== 'inProgress';
    return isOver && this.#options.utcMs() - report.beganMs > IDENTIFIED_COPY_KEPT_MS;
  }
}

function keyOf({ uuid, initiator, listId }: CopyName): string {
  return `${uuid} ${listId} ${initiator}`;
}
