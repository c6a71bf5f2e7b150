import assert from 'node:assert/strict';

import { SLAB_BYTES } from '../../src/iscsi/limits.ts';
import type { Session } from '../../src/iscsi/session.ts';
import { mutated } from '../hostile/mutation.ts';
import { crc32c } from '../initiator/crc32c.ts';
import { Bhs, Opcode } from '../initiator/pdu.ts';
import { SequenceWatch } from '../initiator/sequence-watch.ts';
import { loginRequest, type MemoryStream, pdu } from '../support/iscsi-peer.ts';
import { IscsiWorld, NAMES, taskManagement } from '../support/iscsi-world.ts';
import { ScsiBench } from '../support/scsi-bench.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { settle } from '../support/virtual-clock.ts';
import { randomCommand, randomOther } from './session-corpus.ts';

const STEPS_MAX = 60;
const DEPTHS = [1, 4, 32, 256];
/** TotalAHSLength and DataSegmentLength. */
const FRAMING_FROM = 4;
const FRAMING_TO = 8;
const ABORT_TASK_SET = 2;
const LAST_TAG = 0xfffffff0;
/** Longer than any bound on a command or a connection. */
const LONG_MS = 60_000;

/**
 * One session in memory from its seed: a device server over a slow disk, random requests whole and
 * mutated, in pieces, with aborts, data that comes or does not, an initiator that reads or does
 * not. Throws at the first broken rule. Says how many PDUs it sent.
 */
export async function fuzzSession(seed: number): Promise<number> {
  const fuzz = new SessionFuzz(seed, await ScsiBench.open({ blocks: 4096 }));
  await fuzz.run();
  return fuzz.inputs;
}

class SessionFuzz {
  inputs = 0;
  readonly #random: SeededRandom;
  readonly #bench: ScsiBench;
  readonly #world: IscsiWorld;
  readonly #depth: number;
  #stream!: MemoryStream;
  #session!: Session;
  #watch!: SequenceWatch;
  #cmdSn: number;
  /** R2Ts that were not answered. */
  readonly #r2ts: Buffer[] = [];
  #headerDigest = false;
  #dataDigest = false;

  constructor(seed: number, bench: ScsiBench) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#bench = bench;
    this.#depth = random.pick(DEPTHS);
    // Often near the wrap-around.
    this.#cmdSn = random.pick([0, 100, 0x7fff_fff8, 0xffff_fff0]) + random.below(8);
    const openNexus = () => bench.openNexus();
    this.#world = new IscsiWorld({ clock: bench.clock, queueDepth: this.#depth, openNexus });
  }

  async run(): Promise<void> {
    await this.#logIn();
    const steps = 1 + this.#random.below(STEPS_MAX);
    for (let i = 0; i < steps && !this.#stream.destroyed; i++) {
      await this.#step();
      this.#readAnswers();
    }
    if (this.#random.below(2) === 0) await this.#quiesce();
    await this.#end();
  }

  async #logIn(): Promise<void> {
    const random = this.#random;
    this.#headerDigest = random.below(8) === 0;
    this.#dataDigest = random.below(8) === 0;
    const keys = [
      ...NAMES,
      `HeaderDigest=${this.#headerDigest ? 'CRC32C' : 'None'}`,
      `DataDigest=${this.#dataDigest ? 'CRC32C' : 'None'}`,
      `InitialR2T=${random.pick(['Yes', 'No'])}`,
      `ImmediateData=${random.pick(['Yes', 'No'])}`,
      `MaxBurstLength=${random.pick([512, 4096, 65_536])}`,
      `FirstBurstLength=${random.pick([512, 4096, 65_536])}`,
      `MaxRecvDataSegmentLength=${random.pick([512, 4096, 262_144])}`,
      `MaxOutstandingR2T=${random.pick([1, 2, 8])}`,
      `iSCSIProtocolLevel=${random.pick([1, 2])}`,
    ];
    this.#stream = this.#world.connect();
    this.#stream.feed(
      loginRequest(keys, { words: { 24: this.#cmdSn, 28: random.below(2 ** 32) } }),
    );
    await settle();
    const [answer] = this.#stream.take();
    assert.equal(answer?.readUInt16BE(36), 0, 'login status');
    this.#session = this.#world.server.sessions[0]!;
    const numbers = { statSn: answer.readUInt32BE(24), expCmdSn: answer.readUInt32BE(28) };
    const maxCmdSn = answer.readUInt32BE(32);
    this.#watch = new SequenceWatch({ ...numbers, maxCmdSn, cmdSn: this.#cmdSn });
    // Which of our commands have a sound CmdSN is not known: any ExpCmdSN ahead is lawful.
    this.#watch.cmdSn = (this.#cmdSn + 0x3fff_ffff) >>> 0;
    if (this.#headerDigest) this.#stream.headerDigestLength = 4;
    if (this.#dataDigest) this.#stream.dataDigestLength = 4;
    this.#bench.volume.shut = random.below(2) === 0;
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const { volume } = this.#bench;
    switch (random.below(16)) {
      case 0:
        volume.release();
        break;
      case 1:
        volume.shut = !volume.shut;
        if (!volume.shut) volume.releaseAll();
        break;
      case 2:
        await this.#world.clock.advance(random.pick([1, 600, 3000]));
        break;
      case 3:
        if (this.#stream.draining) this.#stream.draining = false;
        else this.#stream.release();
        break;
      case 4:
        await settle();
        break;
      case 5:
        volume.fault = random.pick([undefined, undefined, { status: 'busy' as const }]);
        break;
      case 6:
        if (random.below(20) === 0) this.#stream.destroy();
        break;
      default:
        this.#send();
    }
  }

  #send(): void {
    // A stream that is paused hands over nothing more, save what it had read already.
    if (this.#stream.paused && this.#random.below(8) > 0) return;
    const random = this.#random;
    const tag = 1 + random.below(12);
    const r2t = random.below(3) === 0 ? this.#r2ts.shift() : undefined;
    let bytes: Buffer;
    if (r2t !== undefined) {
      this.#answer(r2t);
      return;
    }
    if (random.below(3) > 0) {
      const immediate = random.below(8) === 0;
      bytes = randomCommand(random, this.#cmdSn, tag, immediate, this.#session.parameters);
      if (!immediate) this.#cmdSn = (this.#cmdSn + 1) >>> 0;
    } else {
      bytes = randomOther(random, this.#cmdSn, tag);
    }
    if (random.below(8) === 0) this.#blur(bytes);
    if (random.below(60) > 0) this.#feed(this.#digested(bytes));
    else this.#feed(mutated(this.#digested(bytes), random));
  }

  /** Changes header bytes; where the PDU ends stays known. */
  #blur(bytes: Buffer): void {
    const random = this.#random;
    for (let i = random.below(3); i >= 0; i--) {
      const at = random.below(48);
      if (at >= FRAMING_FROM && at < FRAMING_TO) continue;
      bytes[at] = random.pick([bytes[at]! ^ (1 << random.below(8)), random.below(256)]);
    }
  }

  /** The Data-Outs of one R2T: as asked, with an empty last one, too few, or with a wrong field. */
  #answer(r2t: Buffer): void {
    const random = this.#random;
    const length = r2t.readUInt32BE(44);
    const segment = random.pick([512, 8192, 262_144]);
    const count = random.below(6) === 0 ? 1 : Infinity;
    // Past the data: one more PDU, without any, which ends the sequence.
    const endAt = random.below(4) === 0 ? length + 1 : length;
    for (let at = 0, sn = 0; at < endAt && sn < count; sn++) {
      const size = Math.min(segment, length - at);
      const words = { 20: r2t.readUInt32BE(20), 36: sn, 40: r2t.readUInt32BE(40) + at };
      at += size === 0 ? 1 : size;
      const flags = at === endAt ? 0x80 : 0;
      const data = Buffer.alloc(size, sn);
      const bytes = pdu({ opcode: 5, flags, tag: r2t.readUInt32BE(16), words, data });
      if (random.below(40) === 0) bytes[36 + random.below(8)]! ^= 1;
      this.#feed(this.#digested(bytes));
    }
  }

  #feed(bytes: Buffer): void {
    this.inputs++;
    const random = this.#random;
    const cut = random.below(3) === 0 ? random.below(bytes.length + 1) : 0;
    this.#stream.feed(bytes.subarray(0, cut));
    this.#stream.feed(bytes.subarray(cut));
  }

  #digested(bytes: Buffer): Buffer {
    const headerEnd = 48 + bytes[4]! * 4;
    const header = bytes.subarray(0, headerEnd);
    const data = bytes.subarray(headerEnd);
    const parts = [header];
    if (this.#headerDigest) parts.push(crc32c(header));
    parts.push(data);
    if (this.#dataDigest && data.length > 0) parts.push(crc32c(data));
    return parts.length === 2 ? bytes : Buffer.concat(parts);
  }

  #readAnswers(): Buffer[] {
    const answers = this.#stream.take();
    for (const bytes of answers) {
      this.#watch.received({ bhs: bytes.subarray(0, 48) } as never);
      this.#checkAnswer(bytes);
    }
    return answers;
  }

  #checkAnswer(bytes: Buffer): void {
    const opcode = Bhs.opcode.get(bytes);
    if (this.#headerDigest) {
      assert.deepEqual(bytes.subarray(48, 52), crc32c(bytes.subarray(0, 48)), 'header digest');
    }
    const data = bytes.subarray(48 + (this.#headerDigest ? 4 : 0));
    if (this.#dataDigest && data.length > 0) {
      assert.deepEqual(data.subarray(-4), crc32c(data.subarray(0, -4)), 'data digest');
    }
    if (opcode === Opcode.r2t) {
      const length = bytes.readUInt32BE(44);
      assert.ok(length > 0 && length <= this.#session.parameters.maxBurstLength, 'R2T length');
      this.#r2ts.push(bytes);
    } else if (opcode === Opcode.dataIn) {
      const length = bytes.readUIntBE(5, 3);
      const { initiatorMaxRecvDataSegmentLength } = this.#session.parameters;
      // Some text requests of the corpus declare 8192.
      assert.ok(length <= Math.max(initiatorMaxRecvDataSegmentLength, 8192), 'Data-In length');
    }
  }

  /** All that is under way is let go or aborted: then the window is whole, and nothing is held. */
  async #quiesce(): Promise<void> {
    const { volume } = this.#bench;
    const { clock } = this.#world;
    volume.fault = undefined;
    volume.releaseAll();
    this.#stream.release();
    for (let i = 0; i < 5; i++) await clock.advance(10);
    if (this.#stream.destroyed || this.#stream.ended) return;
    this.#feed(this.#digested(taskManagement(ABORT_TASK_SET, this.#cmdSn, LAST_TAG, 0)));
    await clock.advance(2500);
    const words = { 20: 0xffff_ffff, 24: this.#cmdSn };
    this.#feed(this.#digested(pdu({ opcode: 0x40, tag: LAST_TAG, words })));
    await settle();
    const answers = this.#readAnswers().filter((each) => each.readUInt32BE(16) === LAST_TAG);
    const last = answers.at(-1);
    // A mutated length may have swallowed the last PDUs, or one of them.
    if (last === undefined || Bhs.opcode.get(last) !== Opcode.nopIn) return;
    if (!answers.some((each) => Bhs.opcode.get(each) === Opcode.taskManagementResponse)) return;
    const window = (last.readUInt32BE(32) - last.readUInt32BE(28) + 1) | 0;
    const { account } = this.#session;
    assert.ok(window >= Math.min(this.#depth, account.ownCommands), 'the window is whole again');
    assert.equal(window, this.#session.window.size, 'all of it is free');
    assert.equal(window, account.invitedCommands, 'and paid for');
    const { queue } = this.#session.writer;
    assert.equal(queue.unsentBytes, 0, 'nothing is unsent');
    const { held } = this.#world.pool;
    assert.equal(account.heldBytes, held * SLAB_BYTES, 'nothing but slabs is counted');
    // The receive buffer, and the slab that is being filled for sending.
    assert.ok(this.#world.pool.held <= 2, `${this.#world.pool.held} slabs are held`);
  }

  async #end(): Promise<void> {
    const { volume, logicalUnit } = this.#bench;
    const { clock, server, pool } = this.#world;
    if (this.#random.below(2) === 0) this.#stream.destroy();
    else void server.close();
    await settle();
    volume.releaseAll();
    this.#stream.release();
    for (let i = 0; i < 3; i++) await clock.advance(10);
    for (let i = 0; i < 20 && server.sessions.length > 0; i++) await clock.advance(LONG_MS / 20);
    await settle();
    assert.equal(server.sessions.length, 0, 'the session is over');
    assert.equal(pool.held, 0, 'every slab is back');
    assert.equal(clock.pending, 0, 'no timer is left');
    assert.equal(this.#session.nexus?.outstanding, 0, 'no command is left');
    assert.equal(logicalUnit.nexuses.size, 1, 'only the nexus of the bench is left');
    assert.equal(this.#session.writer.queue.unsentBytes, 0, 'nothing is unsent at the end');
    const { budget } = server;
    assert.deepEqual([budget.heldBytes, budget.invitedBytes, budget.sessions], [0, 0, 0]);
    assert.equal(this.#session.account.heldBytes, 0, 'nothing is counted');
  }
}
