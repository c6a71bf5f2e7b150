import { assert, InvariantBroken } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { systemReason } from '../base/system-reason.ts';
import {
  DOCUMENT_CHANNEL,
  decodeMessage,
  encodeMessage,
  type SwitchRequest,
  type UnservedDisks,
} from '../control/channels.ts';
import type { VersionedDocument } from '../control/document/document-record.ts';
import type { Log } from '../log/log.ts';
import { LogLimiter } from '../log/log-limiter.ts';
import { PersistentWatch } from '../records/persistent-watch.ts';
import type { Records } from '../records/records.ts';

/** A lost notification, or a disk that did not open, costs at most this. */
const READ_INTERVAL_MS = 5_000;

interface DocumentWatchOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly log: Log;
  /** The newest document. */
  readonly read: () => Promise<VersionedDocument | undefined>;
  /**
   * Switches to this document, whole; called for one version at a time, in order. Resolves whether
   * all of it is served; if not (a disk did not open), it is called for that version again.
   */
  readonly serve: (next: VersionedDocument) => Promise<boolean>;
  /** The disks of the served version that this gateway does not serve. */
  readonly unserved: () => UnservedDisks;
}

/** Keeps a gateway at the newest version of the document, and tells `apply` which it serves. */
export class DocumentWatch {
  readonly #options: DocumentWatchOptions;
  #served = 0;
  /** Every disk of the version served is there. */
  #whole = false;
  /** The switch under way; the next one waits for it. */
  #switching: Promise<void> = Promise.resolve();
  #isSwitching = false;
  readonly #watch: PersistentWatch;
  readonly #failureLog: LogLimiter;
  #poll: Timer | undefined;
  /** Nothing is served before `open`: until then this gateway is not admitted. */
  #isOpen = false;
  #closed = false;

  constructor(options: DocumentWatchOptions) {
    this.#options = options;
    const { records, clock, log } = options;
    this.#failureLog = new LogLimiter(clock, log, { linesMax: 1 });
    this.#watch = new PersistentWatch({
      ...{ records, clock, log, channel: DOCUMENT_CHANNEL },
      onNotify: (message) => this.#answer(message),
      onAgain: () => this.#catchUpOrLog(),
    });
  }

  get version(): number {
    return this.#served;
  }

  /** Watches first, reads then: no version can slip through between. */
  async open(): Promise<void> {
    assert(!this.#isOpen && !this.#closed, 'a watch is opened once');
    this.#isOpen = true;
    await this.#watch.open();
    await this.#catchUp();
    this.#pollLater();
  }

  /** Somebody says that this version stands: follows it if it is not served yet. */
  follow(version: number): void {
    if (version <= this.#served || !this.#isOpen || this.#closed) return;
    this.#catchUpOrLog();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#poll?.cancel();
    this.#failureLog.close();
    await this.#watch.close();
    await this.#switching;
  }

  async #answer(message: Uint8Array): Promise<Uint8Array> {
    const wanted = decodeMessage<SwitchRequest>(message)?.version ?? 0;
    try {
      // `apply` reports the served disks: a disk that did not open may open by now.
      if (wanted > this.#served || !this.#whole) await this.#catchUp();
    } catch (error) {
      this.#logFailure(error);
      return encodeMessage({ version: this.#served, reason: systemReason(error) });
    }
    return encodeMessage({ version: this.#served, unserved: this.#options.unserved() });
  }

  #catchUpOrLog(): void {
    this.#catchUp().catch((error: unknown) => this.#logFailure(error));
  }

  #catchUp(): Promise<void> {
    const next = this.#switching.then(() => this.#switch());
    this.#switching = next.catch(() => {});
    return next;
  }

  async #switch(): Promise<void> {
    const { read, serve } = this.#options;
    const next = await read();
    if (next === undefined || next.version < this.#served || this.#closed) return;
    if (next.version === this.#served && this.#whole) return;
    assert(!this.#isSwitching, 'documents are served one at a time');
    this.#isSwitching = true;
    try {
      this.#whole = await serve(next);
    } finally {
      this.#isSwitching = false;
    }
    assert(next.version >= this.#served, 'the version that is served never falls');
    this.#served = next.version;
  }

  #pollLater(): void {
    this.#poll = this.#options.clock.after(READ_INTERVAL_MS, () => {
      if (this.#closed) return;
      this.#catchUp()
        .catch((error: unknown) => this.#logFailure(error))
        .finally(() => this.#pollLater());
    });
  }

  #logFailure(error: unknown): void {
    if (error instanceof InvariantBroken) throw error;
    const reason = systemReason(error);
    this.#failureLog.write('document_not_served', { reason }, reason);
  }
}
