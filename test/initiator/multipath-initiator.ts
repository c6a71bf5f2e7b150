import type { Address } from './host.ts';
import { type CommandHandle, Initiator } from './initiator.ts';
import { InitiatorError } from './initiator-error.ts';
import { freshIsid, type Isid, type LoginOptions } from './login.ts';
import type { ScsiRequest, ScsiResult } from './scsi-exchange.ts';

export interface MultipathOptions {
  readonly paths: readonly Address[];
  readonly login: LoginOptions;
  /** A path that leaves a NOP-Out unanswered for so long is given up. */
  readonly answerBoundMs?: number;
  /** The path to begin with. */
  readonly preferred?: number;
}

export interface MultipathResult extends ScsiResult {
  /** Sent so many times; over 1: an earlier attempt had an unknown outcome. */
  readonly attempts: number;
  /** Through which path the answer came. */
  readonly path: number;
}

interface Path {
  readonly index: number;
  readonly address: Address;
  readonly isid: Isid;
  session: Initiator | undefined;
  /** Commands that wait for their status, by the session that has them. */
  readonly sent: Set<SentCommand>;
}

interface SentCommand {
  readonly session: Initiator;
  readonly handle: CommandHandle;
  readonly lun: number;
}

const NOP_INTERVAL_MS = 250;
const RECONNECT_INTERVAL_MS = 100;
const ANSWER_BOUND_MS = 1500;
/** Of a login that was given up: a gateway that goes on finds few of them. */
const LOGIN_TIMEOUT_MS = 5_000;
const BUSY = 0x08;
const TASK_SET_FULL = 0x28;
const UNIT_ATTENTION = 0x06;
const ABORTED_COMMAND = 0x0b;
const UNIT_ATTENTIONS_MAX = 20;
/** ADDITIONAL SENSE CODE of resets, and code and qualifier of REGISTRATIONS PREEMPTED. */
const RESET = 0x29;
const REGISTRATIONS_PREEMPTED = 0x2a05;

/**
 * One initiator with a session through each gateway, as dm-multipath has it: commands go through
 * one path; on a lost connection or a NOP-Out without answer they are sent again through another,
 * and the lost path is reconnected for ever. Unit attentions are taken and the command sent again,
 * as is one that ended ABORTED COMMAND. A unit attention of a reset says that what was sent before
 * to that LUN gets no status: it is sent again. What ended BUSY or TASK SET FULL was not done, and
 * is sent again through the same path, as Linux does.
 */
export class MultipathInitiator {
  readonly #options: MultipathOptions;
  readonly #paths: readonly Path[];
  #active: number;
  #stopped = false;
  #waiters: (() => void)[] = [];
  readonly #loops: Promise<void>[];
  failovers = 0;

  private constructor(options: MultipathOptions) {
    this.#options = options;
    this.#active = options.preferred ?? 0;
    this.#paths = options.paths.map((address, index) => {
      return { index, address, isid: freshIsid(), session: undefined, sent: new Set() };
    });
    this.#loops = this.#paths.map((path) => this.#keep(path));
  }

  /** Resolves when every path has its session. */
  static async connect(options: MultipathOptions): Promise<MultipathInitiator> {
    const initiator = new MultipathInitiator(options);
    for (const path of initiator.#paths) {
      while (path.session === undefined) await initiator.#change();
    }
    return initiator;
  }

  get activePath(): number {
    return this.#active;
  }

  isConnected(path: number): boolean {
    return this.#paths[path]?.session !== undefined;
  }

  /** Sends commands through this path from now on, while it lives. */
  prefer(path: number): void {
    this.#active = path;
  }

  /**
   * Resolves with a status, whatever it takes to get one within `boundMs`. With `retry` false a
   * command of unknown outcome is not sent again: the error of its path is thrown.
   */
  async execute(
    request: ScsiRequest,
    { boundMs = 60_000, retry = true }: { boundMs?: number; retry?: boolean } = {},
  ): Promise<MultipathResult> {
    const deadline = Date.now() + boundMs;
    let unitAttentions = 0;
    for (let attempts = 1; ; attempts++) {
      const path = await this.#select(deadline);
      const session = path.session!;
      try {
        const result = await this.#send(path, session, request);
        const key = senseKeyOf(result);
        if (key === UNIT_ATTENTION && unitAttentions++ < UNIT_ATTENTIONS_MAX) {
          attempts -= 1;
          continue;
        }
        if (isRefusedForNow(result) && Date.now() < deadline) {
          attempts -= 1;
          await delay(RECONNECT_INTERVAL_MS);
          continue;
        }
        // As the SCSI layers of hosts do; it may have been done, or in part.
        if (key === ABORTED_COMMAND && retry && Date.now() < deadline) {
          await delay(RECONNECT_INTERVAL_MS);
          continue;
        }
        return { ...result, attempts, path: path.index };
      } catch (error) {
        if (!(error instanceof InitiatorError) || error.code === 'protocolViolation') throw error;
        // The session is as good as before.
        if (error.code === 'aborted' && retry && Date.now() < deadline) continue;
        session.destroy();
        if (!retry || this.#stopped || Date.now() > deadline) throw error;
      }
    }
  }

  async #send(path: Path, session: Initiator, request: ScsiRequest): Promise<ScsiResult> {
    const sent = { session, handle: session.start(request), lun: request.lun ?? 0 };
    path.sent.add(sent);
    try {
      const result = await sent.handle.result;
      if (hasAborted(result)) abandonBefore(path, sent);
      return result;
    } finally {
      path.sent.delete(sent);
    }
  }

  /** Logs out of every path that answers. */
  async close(): Promise<void> {
    this.#stopped = true;
    await Promise.all(
      this.#paths.map(async ({ session }) => {
        if (session?.isOpen !== true) return;
        const late = setTimeout(() => session.destroy(), this.#bound());
        await session.logout().catch(() => session.destroy());
        clearTimeout(late);
      }),
    );
    this.#wake();
    await Promise.all(this.#loops);
  }

  #bound(): number {
    return this.#options.answerBoundMs ?? ANSWER_BOUND_MS;
  }

  async #select(deadline: number): Promise<Path> {
    for (;;) {
      const count = this.#paths.length;
      for (let step = 0; step < count; step++) {
        const path = this.#paths[(this.#active + step) % count]!;
        if (path.session?.isOpen !== true) continue;
        if (step > 0) {
          this.failovers += 1;
          this.#active = path.index;
        }
        return path;
      }
      if (this.#stopped || Date.now() > deadline) {
        throw new InitiatorError('connectionLost', 'no path left');
      }
      await this.#change();
    }
  }

  /** Keeps one path connected and alive until `close`. */
  async #keep(path: Path): Promise<void> {
    while (!this.#stopped) {
      try {
        path.session = await this.#connect(path);
        this.#wake();
        await this.#ping(path.session);
      } catch (error) {
        if (error instanceof InitiatorError && error.code === 'protocolViolation') {
          process.emitWarning(error);
        }
      }
      path.session?.destroy();
      path.session = undefined;
      this.#wake();
      if (!this.#stopped) await delay(RECONNECT_INTERVAL_MS);
    }
  }

  /** A login with a bound: a stopped gateway's kernel still accepts connections. */
  async #connect(path: Path): Promise<Initiator> {
    const connecting = Initiator.connect({
      ...this.#options.login,
      ...path.address,
      isid: path.isid,
      loginTimeoutMs: LOGIN_TIMEOUT_MS,
    });
    const session = await Promise.race([connecting, delay(this.#bound())]);
    if (session !== undefined) return session;
    connecting.then(
      (late) => late.destroy(),
      () => {},
    );
    throw new InitiatorError('timeout', 'login');
  }

  async #ping(session: Initiator): Promise<void> {
    while (!this.#stopped && session.isOpen) {
      await session.nop(undefined, this.#bound());
      await Promise.race([delay(NOP_INTERVAL_MS), session.closed]);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RECONNECT_INTERVAL_MS);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

function isRefusedForNow({ status }: ScsiResult): boolean {
  return status === BUSY || status === TASK_SET_FULL;
}

/** Whether it is a unit attention that says that commands were aborted without a status. */
function hasAborted(result: ScsiResult): boolean {
  if (senseKeyOf(result) !== UNIT_ATTENTION) return false;
  const isDescriptor = (result.sense[0]! & 0x7f) >= 0x72;
  const code = result.sense.readUInt16BE(isDescriptor ? 2 : 12);
  return code >> 8 === RESET || code === REGISTRATIONS_PREEMPTED;
}

/** What came to the LUN before the command that was told has its status, or gets none. */
function abandonBefore(path: Path, told: SentCommand): void {
  const cmdSn = told.handle.cmdSn ?? 0;
  for (const { session, lun, handle } of path.sent) {
    if (session !== told.session || lun !== told.lun || handle.cmdSn === undefined) continue;
    // Serial numbers (RFC 1982).
    if (((cmdSn - handle.cmdSn) | 0) > 0) session.abandon(handle);
  }
}

/** 0 without sense data. */
function senseKeyOf({ status, sense }: ScsiResult): number {
  if (status !== 0x02 || sense.length < 3) return 0;
  const descriptor = (sense[0]! & 0x7f) >= 0x72;
  return sense[descriptor ? 1 : 2]! & 0x0f;
}

function delay(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined);
  });
}
