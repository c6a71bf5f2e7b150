import { assert } from '../base/assert.ts';
import { IMMEDIATE_COMMANDS_MAX, WINDOW_REST_COMMANDS } from './limits.ts';

/** Serial number arithmetic (RFC 1982): how far `a` is ahead of `b`, negative when behind. */
export function serialDistance(a: number, b: number): number {
  return (a - b) | 0;
}

type Arrival =
  /** It is the next one. */
  | 'next'
  /** It is in the window, and others before it are missing. */
  | 'early'
  /** Outside the window, or a repetition: to be ignored (RFC 7143, command numbering). */
  | 'ignored';

/** Pays for the commands that a window invites. */
export interface WindowCredit {
  /** Commands that may always be invited. */
  readonly ownCommands: number;
  /** True: one more may be invited. */
  invite(): boolean;
  /** One fewer is invited. */
  retract(): void;
  /** True: other sessions need the credit beyond the session's own. */
  readonly mustRetract: boolean;
}

/**
 * The CmdSN window of a session: commands come in order, and no more of them are invited or in
 * flight than `size`, because MaxCmdSN moves on only when one has ended or the window grows. It
 * never goes back: a window becomes smaller by commands that end. Immediate commands, which take no
 * CmdSN, are counted beside it.
 *
 * The size begins with WINDOW_REST_COMMANDS as far as there is room, and at least with what the
 * session has of its own. It grows while the initiator uses most of it, to `depthMax` at most, and
 * returns the part that the initiator does not use, or that others need. It also grows while no
 * command ends: commands that one medium delays must not fill it, because the session has other
 * units.
 */
export class CommandWindow {
  readonly #depthMax: number;
  readonly #credit: WindowCredit;
  #size = 0;
  #expCmdSn: number;
  #maxCmdSn: number;
  /**
   * Size and MaxCmdSN that the initiator could know when it sent the command that is handled now.
   */
  #advertisedSize: number;
  #advertisedMaxCmdSn: number;
  /** Most of it was in use since the last batch. */
  #isUsedUp = false;
  /** Commands by which it may grow. */
  #growth = 0;
  /** Other sessions need credit back, as of the last batch. */
  #mustRetract = false;
  /** Commands that it has to return. */
  #surplus = 0;
  /** Most commands in use since the last review. */
  #peak = 0;
  /** Immediate commands in flight. */
  #immediate = 0;

  constructor(firstCmdSn: number, depthMax: number, credit: WindowCredit) {
    this.#depthMax = depthMax;
    this.#credit = credit;
    const size = Math.min(depthMax, Math.max(credit.ownCommands, WINDOW_REST_COMMANDS));
    while (this.#size < size && credit.invite()) this.#size++;
    assert(this.#size > 0, 'a session may send a command');
    this.#expCmdSn = firstCmdSn >>> 0;
    this.#maxCmdSn = (firstCmdSn + this.#size - 1) >>> 0;
    this.#advertisedSize = this.#size;
    this.#advertisedMaxCmdSn = this.#maxCmdSn;
  }

  /** Commands that are invited or in flight. */
  get size(): number {
    return this.#size;
  }

  get expCmdSn(): number {
    return this.#expCmdSn;
  }

  get maxCmdSn(): number {
    return this.#maxCmdSn;
  }

  /** Most of it is commands that have not ended. */
  get #isFilled(): boolean {
    return 4 * this.#inFlight >= 3 * this.#size;
  }

  get #inFlight(): number {
    return this.#size - 1 - serialDistance(this.#maxCmdSn, this.#expCmdSn);
  }

  /** No command is in flight. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#immediate === 0;
  }

  classify(cmdSn: number): Arrival {
    const ahead = serialDistance(cmdSn, this.#expCmdSn);
    if (ahead === 0) return serialDistance(this.#maxCmdSn, cmdSn) >= 0 ? 'next' : 'ignored';
    return ahead > 0 && serialDistance(this.#maxCmdSn, cmdSn) >= 0 ? 'early' : 'ignored';
  }

  /** The PDUs of one read follow: when it sent them, the initiator knew all earlier answers. */
  beginBatch(): void {
    this.#advertisedSize = this.#size;
    this.#advertisedMaxCmdSn = this.#maxCmdSn;
    this.#mustRetract = this.#size > this.#credit.ownCommands && this.#credit.mustRetract;
    if (!this.#isUsedUp) return;
    this.#isUsedUp = false;
    this.#growth = 1 + (this.#size >> 2);
    if (this.#isFilled) this.#grow(this.#growth);
  }

  /** The next command was taken. */
  advance(): void {
    assert(this.#expCmdSn !== (this.#maxCmdSn + 1) >>> 0, 'a command that is taken was invited');
    this.#expCmdSn = (this.#expCmdSn + 1) >>> 0;
    // As the initiator sees it: a command that ends at once was in flight all the same.
    const used =
      this.#advertisedSize - 1 - serialDistance(this.#advertisedMaxCmdSn, this.#expCmdSn);
    if (used > this.#peak) this.#peak = used;
    if (4 * used >= 3 * this.#advertisedSize) this.#isUsedUp = true;
  }

  /** An immediate command is taken. False: there are as many as there may be. */
  takeImmediate(): boolean {
    if (this.#immediate >= IMMEDIATE_COMMANDS_MAX || !this.#credit.invite()) return false;
    this.#immediate++;
    return true;
  }

  /** An immediate command that was taken has ended. */
  finishedImmediate(): void {
    assert(this.#immediate > 0, 'an immediate command that ends was taken');
    this.#immediate--;
    this.#credit.retract();
  }

  /** A command that was taken has ended. */
  finished(): void {
    assert(this.#inFlight > 0, 'a command that ends was taken');
    const credit = this.#credit;
    if (this.#size > credit.ownCommands && (this.#surplus > 0 || this.#mustRetract)) {
      if (this.#surplus > 0) this.#surplus--;
      this.#growth = 0;
      this.#size--;
      credit.retract();
      return;
    }
    this.#maxCmdSn = (this.#maxCmdSn + 1) >>> 0;
    if (this.#growth === 0) return;
    this.#growth--;
    if (this.#size >= this.#depthMax || !credit.invite()) return;
    this.#size++;
    this.#maxCmdSn = (this.#maxCmdSn + 1) >>> 0;
  }

  /**
   * The connection calls this from time to time. The window returns the part that its initiator has
   * not used since the last call. True: it grew instead, and the initiator, which may be unable to
   * send anything, must be notified.
   */
  review(): boolean {
    const used = Math.max(2 * this.#peak, this.#credit.ownCommands, WINDOW_REST_COMMANDS);
    this.#surplus = Math.max(0, this.#size - used);
    this.#peak = this.#inFlight;
    if (!this.#isFilled || this.#credit.mustRetract) return false;
    return this.#grow(this.#size);
  }

  /** Invites up to `commands` more, beside those in flight. False: not even one. */
  #grow(commands: number): boolean {
    const before = this.#size;
    const size = Math.min(this.#depthMax, before + commands);
    while (this.#size < size && !this.#mustRetract && this.#credit.invite()) this.#size++;
    assert(this.#size >= before, 'MaxCmdSN never goes back');
    this.#maxCmdSn = (this.#maxCmdSn + this.#size - before) >>> 0;
    return this.#size > before;
  }
}
