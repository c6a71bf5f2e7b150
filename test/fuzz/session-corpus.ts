import type { SessionParameters } from '../../src/iscsi/login/session-parameters.ts';
import { pdu } from '../support/iscsi-peer.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

const BLOCK = 512;

/** A CDB and the bytes that it moves. */
interface Shape {
  readonly cdb: readonly number[];
  readonly out?: number;
  readonly in?: number;
}

const blocksOf = (random: SeededRandom) => random.pick([1, 1, 1, 2, 8, 17, 128, 200]);
const lbaOf = (random: SeededRandom) => random.pick([0, 1, 7, 100, 4000, 4095, 4096]);

function medium(code: number, random: SeededRandom, flags = 0): { cdb: number[]; bytes: number } {
  const blocks = blocksOf(random);
  const lba = lbaOf(random);
  const cdb = [code, flags, 0, 0, lba >> 8, lba & 255, 0, blocks >> 8, blocks & 255, 0];
  return { cdb, bytes: blocks * BLOCK };
}

function read(random: SeededRandom, flags = 0): Shape {
  const { cdb, bytes } = medium(0x28, random, flags);
  return { cdb, in: bytes };
}

function write(code: number, random: SeededRandom, flags = 0): Shape {
  const { cdb, bytes } = medium(code, random, flags);
  return { cdb, out: bytes };
}

const SHAPES: readonly ((random: SeededRandom) => Shape)[] = [
  (random) => read(random),
  (random) => read(random),
  (random) => read(random, 0x08),
  (random) => write(0x2a, random),
  (random) => write(0x2a, random),
  (random) => write(0x2a, random, 0x08),
  (random) => write(0x2e, random, 0x02),
  (random) => write(0x2f, random, 0x02),
  (random) => ({ cdb: [0x41, random.pick([0, 8]), 0, 0, 0, 9, 0, 0, 4, 0], out: BLOCK }),
  (random) => ({
    cdb: [0x89, 0, 0, 0, 0, 0, 0, 0, 0, random.below(4), 0, 0, 0, 1, 0, 0],
    out: 2 * BLOCK,
  }),
  () => ({ cdb: [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0], out: 24 }),
  () => ({ cdb: [0x00, 0, 0, 0, 0, 0] }),
  () => ({ cdb: [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0] }),
  () => ({ cdb: [0x12, 0, 0, 0, 255, 0], in: 255 }),
  () => ({ cdb: [0x03, 0, 0, 0, 252, 0], in: 252 }),
  () => ({ cdb: [0xa0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0], in: 4096 }),
  () => ({ cdb: [0x1a, 0, 0x3f, 0, 255, 0], in: 255 }),
  () => ({ cdb: [0x15, 0x10, 0, 0, 24, 0], out: 24 }),
  () => ({ cdb: [0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0], in: 4096 }),
  () => ({ cdb: [0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], in: 256 }),
  (random) => ({ cdb: [0x1b, 0, 0, 0, random.pick([0, 1, 1]), 0] }),
  (random) => ({ cdb: [...random.bytes(16)], in: 512 }),
];

/** A SCSI Command PDU, with immediate data as the negotiation has it, or nearly so. */
export function randomCommand(
  random: SeededRandom,
  cmdSn: number,
  tag: number,
  immediate: boolean,
  parameters: SessionParameters,
): Buffer {
  const shape = random.pick(SHAPES)(random);
  let expected = shape.out ?? shape.in ?? 0;
  if (random.below(10) === 0) expected = random.pick([0, 1, 511, expected + 512, 0xffff_ffff]);
  const isWrite = shape.out !== undefined;
  const first = Math.min(parameters.firstBurstLength, expected);
  let now = 0;
  if (isWrite && parameters.immediateData)
    now = random.pick([0, Math.min(4, first), first >> 1, first]);
  const more = isWrite && !parameters.initialR2t && random.below(2) === 0;
  const lun = random.below(15) === 0 ? 5 : 0;
  const attribute = random.pick([1, 1, 1, 1, 2, 3, 0, 4]);
  const flags = (more ? 0 : 0x80) | (isWrite ? 0x20 : expected > 0 ? 0x40 : 0) | attribute;
  const bytes = pdu({
    opcode: immediate ? 0x41 : 0x01,
    flags,
    tag,
    words: { 20: expected, 24: cmdSn },
    bytes: { 9: lun },
    ...(now > 0 ? { data: Buffer.alloc(now, tag) } : {}),
  });
  bytes.set(shape.cdb, 32);
  if (random.below(30) > 0) return bytes;
  const ahs = Buffer.alloc(4 * (1 + random.below(6)), random.below(3));
  bytes[4] = ahs.length / 4;
  return Buffer.concat([bytes.subarray(0, 48), ahs, bytes.subarray(48)]);
}

/** Any other request; those that take a CmdSN are immediate. */
export function randomOther(random: SeededRandom, cmdSn: number, tag: number): Buffer {
  const none = 0xffff_ffff;
  switch (random.below(12)) {
    case 0:
      return pdu({ opcode: 0x40, tag, words: { 20: none, 24: cmdSn }, data: sized(random) });
    case 1:
      return pdu({ opcode: 0x40, tag: none, words: { 20: 1, 24: cmdSn } });
    case 2: {
      const text = random.pick(['SendTargets=\0', 'MaxRecvDataSegmentLength=8192\0', 'X=1\0', '=']);
      const words = { 20: random.pick([none, none, 1]), 24: cmdSn };
      const flags = random.pick([0x80, 0x80, 0x40, 0]);
      return pdu({ opcode: 0x44, flags, tag, words, data: Buffer.from(text) });
    }
    case 3:
      return pdu({ opcode: 0x10, tag });
    case 4:
      if (random.below(8) > 0) return pdu({ opcode: 0x5e, tag });
      return pdu({ opcode: 0x46, flags: 0x80 | random.below(4), tag, words: { 24: cmdSn } });
    case 5:
    case 6:
    case 7: {
      // Unsolicited data, of a command or of none.
      const words = { 20: none, 36: random.below(3), 40: random.pick([0, 4, 512, 2048]) };
      const flags = random.pick([0x80, 0]);
      return pdu({ opcode: 5, flags, tag, words, data: sized(random) });
    }
    default: {
      const flags = 0x80 | random.pick([1, 1, 1, 2, 4, 5, 6, 9, 10, 11, 12, 3, 8, 13]);
      const refCmdSn = (cmdSn - 3 + random.below(6)) >>> 0;
      const words = { 20: 1 + random.below(12), 24: cmdSn, 32: refCmdSn };
      return pdu({ opcode: 0x42, flags, tag: tag + 100, words });
    }
  }
}

function sized(random: SeededRandom): Buffer {
  return Buffer.alloc(random.pick([4, 508, 512, 3584, 5]), 1);
}
