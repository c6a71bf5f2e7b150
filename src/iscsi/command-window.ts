/** Serial number arithmetic (RFC 1982): how far `a` is ahead of `b`, negative when behind. */
export function serialDistance(a: number, b: number): number {
  return (a - b) | 0;
}

export type Arrival =
  /** It is the next one. */
  | 'next'
  /** It is in the window, and others before it are missing. */
  | 'early'
  /** Outside the window, or a repetition: to be ignored (RFC 7143, command numbering). */
  | 'ignored';

/**
 * The CmdSN window of a session: commands come in order, and no more of them are in flight than
 * `depth`, for MaxCmdSN moves on only when one has ended.
 */
export class CommandWindow {
  readonly depth: number;
  #expCmdSn: number;
  #maxCmdSn: number;

  constructor(firstCmdSn: number, depth: number) {
    this.depth = depth;
    this.#expCmdSn = firstCmdSn >>> 0;
    this.#maxCmdSn = (firstCmdSn + depth - 1) >>> 0;
  }

  get expCmdSn(): number {
    return this.#expCmdSn;
  }

  get maxCmdSn(): number {
    return this.#maxCmdSn;
  }

  /** No command that takes a place is in flight. */
  get isIdle(): boolean {
    return serialDistance(this.#maxCmdSn, this.#expCmdSn) + 1 === this.depth;
  }

  judge(cmdSn: number): Arrival {
    const ahead = serialDistance(cmdSn, this.#expCmdSn);
    if (ahead === 0) return serialDistance(this.#maxCmdSn, cmdSn) >= 0 ? 'next' : 'ignored';
    return ahead > 0 && serialDistance(this.#maxCmdSn, cmdSn) >= 0 ? 'early' : 'ignored';
  }

  /** The next command was taken. */
  advance(): void {
    this.#expCmdSn = (this.#expCmdSn + 1) >>> 0;
  }

  /** A command that was taken has ended. */
  finished(): void {
    this.#maxCmdSn = (this.#maxCmdSn + 1) >>> 0;
  }
}
