import assert from 'node:assert/strict';

import { Bhs, Opcode } from '../initiator/pdu.ts';
import { isAfter } from '../initiator/sequence-watch.ts';
import { loginRequest, type MemoryStream, pdu } from '../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  INITIATOR,
  READ,
  scsiCommand,
  signOfLife,
  TARGET,
  taskManagement,
  WRITE,
} from '../support/iscsi-world.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { settle } from '../support/virtual-clock.ts';

const MIB = 2 ** 20;
const INITIATORS = 2;
const BLOCK_BYTES = 512;
const UNSOLICITED_TAG = 0xffff_ffff;
/** Of what this target takes. */
const SEGMENT_BYTES_MAX = 262_144;
const SEGMENTS_BYTES = [1, 512, 4096, 65_536, SEGMENT_BYTES_MAX];
const MAX_BURSTS_BYTES = [512, 65_536, 262_144, MIB];
const FIRST_BURSTS_BYTES = [512, 4096, 65_536, 262_144];
/** Some peers send everything, others only what hardly fits beside anything else. */
const TRANSFERS_BYTES = [
  [512, 3 * 512, 4096, 65_536, MIB, 8 * MIB, 16 * MIB],
  [8 * MIB, 16 * MIB],
];
/** The disks, and a logical unit that does not exist. */
const LUNS = [0, 0, 1, 7];
/** Of Data-Ins, or of R2Ts, that one command takes: more cost time and prove nothing more. */
const PIECES_MAX = 1024;
const SEGMENTS_IN_BYTES = [512, 8192, 262_144];
const COMMANDS_MAX = [1, 8, 64];
const DATA_OUTS_MAX = 6;
const PAID_AT_ONCE_MAX = 80;
/** Task management refers to one of so many commands. */
const RECENT_TAGS = 20;

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const VERIFY_16 = 0x8f;
/** No such command, commands without data, UNMAP, and both WRITE SAME. */
const ODD_OPERATION_CODES = [0xff, 0x00, 0x12, 0x42, 0x91, 0x93];
/** SIMPLE more often than ORDERED and HEAD OF QUEUE. */
const ATTRIBUTES = [1, 1, 1, 2, 3];
/** ABORT TASK more often than ABORT TASK SET, LOGICAL UNIT RESET and I_T NEXUS RESET. */
const FUNCTIONS = [1, 1, 1, 2, 5, 12];

/** Data-out that the initiator still has to send: an unsolicited burst or the answer to an R2T. */
interface Debt {
  readonly tag: number;
  readonly targetTransferTag: number;
  offset: number;
  readonly end: number;
  dataSn: number;
}

interface Shape {
  readonly operationCode: number;
  readonly length: number;
  readonly flags: number;
  readonly immediateData?: Uint8Array;
  /** Where the unsolicited Data-Outs begin that follow the command. */
  readonly burstFrom?: number;
}

/**
 * The initiator of one session: it keeps the command window, knows which data it owes, and checks
 * that MaxCmdSN never goes back. When it does what, its walk decides.
 */
export class BudgetPeer {
  readonly stream: MemoryStream;
  /** Commands and Data-Outs that were sent, and answers of every kind. */
  commands = 0;
  dataOuts = 0;
  answers = 0;
  readonly #random: SeededRandom;
  readonly #initialR2t: boolean;
  readonly #immediateData: boolean;
  readonly #firstBurstBytes: number;
  readonly #maxBurstBytes: number;
  readonly #segmentBytes: number;
  readonly #segmentInBytes: number;
  readonly #transfersBytes: readonly number[];
  readonly #debts: Debt[] = [];
  readonly #tags: number[] = [];
  #cmdSn = FIRST_CMD_SN;
  #maxCmdSn = 0;
  #lastTag = 0;

  constructor(random: SeededRandom, stream: MemoryStream) {
    this.#random = random;
    this.stream = stream;
    this.#initialR2t = random.below(2) === 0;
    this.#immediateData = random.below(2) === 0;
    this.#maxBurstBytes = random.pick(MAX_BURSTS_BYTES);
    this.#firstBurstBytes = Math.min(this.#maxBurstBytes, random.pick(FIRST_BURSTS_BYTES));
    this.#segmentBytes = random.pick(SEGMENTS_BYTES);
    this.#segmentInBytes = random.pick(SEGMENTS_IN_BYTES);
    this.#transfersBytes = random.pick(TRANSFERS_BYTES);
  }

  /** False: the login waits for the end of the session that it replaces, or is refused. */
  async logIn(isid: number): Promise<boolean> {
    const random = this.#random;
    const keys = [
      `InitiatorName=${INITIATOR}-${isid % INITIATORS}`,
      `TargetName=${TARGET}`,
      `InitialR2T=${this.#initialR2t ? 'Yes' : 'No'}`,
      `ImmediateData=${this.#immediateData ? 'Yes' : 'No'}`,
      `MaxBurstLength=${this.#maxBurstBytes}`,
      `FirstBurstLength=${this.#firstBurstBytes}`,
      `MaxOutstandingR2T=${random.pick([1, 2, 8])}`,
      `MaxRecvDataSegmentLength=${this.#segmentInBytes}`,
    ];
    const bytes = { 8: 0x40, 12: isid >> 8, 13: isid & 0xff };
    this.stream.feed(loginRequest(keys, { words: { 24: FIRST_CMD_SN }, bytes }));
    await settle();
    const [answer] = this.stream.take();
    if (answer?.readUInt16BE(36) !== 0) return false;
    this.#maxCmdSn = answer.readUInt32BE(32);
    return true;
  }

  get isLive(): boolean {
    return !this.stream.destroyed;
  }

  get owesData(): boolean {
    return this.#debts.length > 0;
  }

  readAnswers(): void {
    for (const answer of this.stream.take()) {
      this.answers++;
      const maxCmdSn = answer.readUInt32BE(32);
      assert.ok(!isAfter(this.#maxCmdSn, maxCmdSn), 'MaxCmdSN never goes back');
      this.#maxCmdSn = maxCmdSn;
      if (Bhs.opcode.get(answer) !== Opcode.r2t) continue;
      const offset = answer.readUInt32BE(40);
      this.#debts.push({
        tag: answer.readUInt32BE(16),
        targetTransferTag: answer.readUInt32BE(20),
        offset,
        end: offset + answer.readUInt32BE(44),
        dataSn: 0,
      });
    }
  }

  sendCommands(): void {
    const random = this.#random;
    for (let count = 1 + random.below(random.pick(COMMANDS_MAX)); count > 0; count--) {
      if (!this.isLive || isAfter(this.#cmdSn, this.#maxCmdSn)) return;
      this.#sendCommand();
    }
  }

  /** Some Data-Outs, each of any burst that is owed. */
  sendData(): void {
    const random = this.#random;
    for (let count = 1 + random.below(DATA_OUTS_MAX); count > 0 && this.isLive; count--) {
      if (this.owesData) this.#pay(random.below(this.#debts.length), this.#segmentBytes);
    }
  }

  /** What is owed, in order and in long segments, as far as it goes. */
  payDebts(): void {
    for (let count = PAID_AT_ONCE_MAX; count > 0 && this.owesData && this.isLive; count--) {
      this.#pay(0, SEGMENT_BYTES_MAX);
    }
  }

  manage(): void {
    const random = this.#random;
    if (this.#tags.length === 0) return;
    const referencedTag = random.pick(this.#tags.slice(-RECENT_TAGS));
    const refCmdSn = random.pick([this.#cmdSn - 1, this.#cmdSn, this.#cmdSn + 1, FIRST_CMD_SN]);
    const name = random.pick(FUNCTIONS);
    const tag = this.#takeTag();
    this.stream.feed(taskManagement(name, this.#cmdSn, tag, referencedTag, refCmdSn));
  }

  logOut(): void {
    const words = { 24: this.#cmdSn };
    this.stream.feed(pdu({ opcode: 0x46, flags: FINAL, tag: this.#takeTag(), words }));
  }

  giveSignOfLife(): void {
    this.stream.feed(signOfLife(this.#cmdSn));
  }

  #takeTag(): number {
    return ++this.#lastTag;
  }

  #sendCommand(): void {
    const random = this.#random;
    const tag = this.#takeTag();
    const { operationCode, length, flags, immediateData, burstFrom } = this.#shape();
    const expected = (flags & (READ | WRITE)) === 0 ? 0 : length;
    const attribute = random.pick(ATTRIBUTES);
    const command = scsiCommand(this.#cmdSn, tag, flags | attribute, expected, immediateData);
    command[9] = random.pick(LUNS);
    command[32] = operationCode;
    command.writeUInt32BE(length / BLOCK_BYTES, 42);
    const isImmediate = random.below(20) === 0;
    if (isImmediate) command[0]! |= 0x40;
    else this.#cmdSn = (this.#cmdSn + 1) >>> 0;
    this.#tags.push(tag);
    this.commands++;
    this.stream.feed(command);
    const end = Math.min(length, this.#firstBurstBytes);
    if (burstFrom === undefined || burstFrom >= end) return;
    const targetTransferTag = UNSOLICITED_TAG;
    this.#debts.push({ tag, targetTransferTag, offset: burstFrom, end, dataSn: 0 });
  }

  #shape(): Shape {
    const kind = this.#random.below(10);
    if (kind < 5) return this.#write();
    if (kind < 8) {
      const length = this.#length(this.#segmentInBytes);
      return { operationCode: READ_16, length, flags: READ | FINAL };
    }
    if (kind < 9) {
      return { operationCode: VERIFY_16, length: this.#length(MIB), flags: FINAL };
    }
    return this.#oddCommand();
  }

  #length(pieceBytes: number): number {
    return Math.min(this.#random.pick(this.#transfersBytes), PIECES_MAX * pieceBytes);
  }

  #write(): Shape {
    const random = this.#random;
    const length = this.#length(this.#maxBurstBytes);
    const common = { operationCode: WRITE_16, length };
    const firstBytes = Math.min(length, this.#firstBurstBytes);
    const isImmediate = this.#immediateData && random.below(2) === 0;
    const now = isImmediate ? Math.min(firstBytes, random.pick(FIRST_BURSTS_BYTES)) : 0;
    const data = now === 0 ? {} : { immediateData: new Uint8Array(now) };
    const isAnnounced = !this.#initialR2t && now < firstBytes && random.below(2) === 0;
    if (!isAnnounced) return { ...common, flags: WRITE | FINAL, ...data };
    return { ...common, flags: WRITE, ...data, burstFrom: now };
  }

  /** Most are refused at once, with data on its way to them. */
  #oddCommand(): Shape {
    const random = this.#random;
    const operationCode = random.pick(ODD_OPERATION_CODES);
    const length = this.#length(Math.min(this.#segmentInBytes, this.#maxBurstBytes));
    const flags = random.pick([FINAL, READ | FINAL, WRITE]);
    if (flags !== WRITE) return { operationCode, length, flags };
    if (this.#initialR2t) return { operationCode, length, flags: WRITE | FINAL };
    return { operationCode, length, flags, burstFrom: 0 };
  }

  #pay(index: number, segmentBytes: number): void {
    const debt = this.#debts[index]!;
    const { tag, targetTransferTag, offset, end } = debt;
    const length = Math.min(segmentBytes, end - offset);
    const isLast = offset + length === end;
    const data = new Uint8Array(length);
    this.stream.feed(dataOutPdu(tag, targetTransferTag, debt.dataSn++, offset, data, isLast));
    this.dataOuts++;
    debt.offset += length;
    if (isLast) this.#debts.splice(index, 1);
  }
}
