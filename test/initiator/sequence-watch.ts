import { violation } from './initiator-error.ts';
import { AnswerBhs, DataIn, NO_TAG, NopIn, Opcode, type Pdu } from './pdu.ts';

/** `a` comes after `b` in the serial arithmetic of 32 bits. */
export function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/**
 * Watches the numbers of every PDU from the target: StatSN without a gap, ExpCmdSN and MaxCmdSN
 * never back, none beyond what was sent. Throws on the first broken rule.
 */
export class SequenceWatch {
  /** The StatSN that is due next: our ExpStatSN. */
  expStatSn: number;
  expCmdSn: number;
  maxCmdSn: number;
  /** The CmdSN of the next command that is not immediate. */
  cmdSn: number;

  constructor(first: { statSn: number; expCmdSn: number; maxCmdSn: number; cmdSn: number }) {
    this.expStatSn = (first.statSn + 1) >>> 0;
    this.expCmdSn = first.expCmdSn;
    this.maxCmdSn = first.maxCmdSn;
    this.cmdSn = first.cmdSn;
    if (this.expCmdSn !== this.cmdSn) throw violation(`ExpCmdSN ${this.expCmdSn} after the login`);
    this.#checkWindow('Login Response');
  }

  get windowIsOpen(): boolean {
    return !isAfter(this.cmdSn, this.maxCmdSn);
  }

  takeCmdSn(): number {
    const cmdSn = this.cmdSn;
    this.cmdSn = (cmdSn + 1) >>> 0;
    return cmdSn;
  }

  received({ bhs }: Pdu): void {
    const opcode = AnswerBhs.opcode.get(bhs);
    const name = `opcode ${opcode.toString(16)}h`;
    this.#checkStatSn(bhs, opcode, name);
    const expCmdSn = AnswerBhs.expCmdSn.get(bhs);
    const maxCmdSn = AnswerBhs.maxCmdSn.get(bhs);
    if (isAfter(this.expCmdSn, expCmdSn)) {
      throw violation(`${name}: ExpCmdSN ${expCmdSn} after ${this.expCmdSn}`);
    }
    if (isAfter(this.maxCmdSn, maxCmdSn)) {
      throw violation(`${name}: MaxCmdSN ${maxCmdSn} after ${this.maxCmdSn}`);
    }
    this.expCmdSn = expCmdSn;
    this.maxCmdSn = maxCmdSn;
    this.#checkWindow(name);
  }

  #checkStatSn(bhs: Buffer, opcode: number, name: string): void {
    if (opcode === Opcode.dataIn && DataIn.hasStatus.get(bhs) === 0) return;
    const statSn = AnswerBhs.statSn.get(bhs);
    if (statSn !== this.expStatSn) {
      throw violation(`${name}: StatSN ${statSn}, ${this.expStatSn} is due`);
    }
    const isPing = opcode === Opcode.nopIn && NopIn.initiatorTaskTag.get(bhs) === NO_TAG;
    if (opcode !== Opcode.r2t && !isPing) this.expStatSn = (statSn + 1) >>> 0;
  }

  #checkWindow(name: string): void {
    if (isAfter(this.expCmdSn, this.cmdSn)) {
      throw violation(`${name}: ExpCmdSN ${this.expCmdSn} beyond CmdSN ${this.cmdSn}`);
    }
    if (isAfter((this.expCmdSn - 1) >>> 0, this.maxCmdSn)) {
      throw violation(`${name}: MaxCmdSN ${this.maxCmdSn} below ExpCmdSN ${this.expCmdSn} - 1`);
    }
  }
}
