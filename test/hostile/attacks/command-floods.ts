import type { Command } from '../../../src/scsi/command.ts';
import { commands } from '../../../src/scsi/command-table.ts';
import { ECHO_BUFFER_BYTES } from '../../../src/scsi/echo-buffer.ts';
import { BufferMode } from '../../../src/scsi/standard/spc.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Attack, AttackField } from './attack.ts';
import { floodFrom, type RawCommand } from './attack-session.ts';

/** All but RESERVE: whoever holds the unit by it keeps others out, as the standard has it. */
const floods = commands.filter(({ name }) => !/^RESERVE \(/.test(name));

/** A flood for every such row of the command table, each command as costly as one can be. */
export const commandFloods: readonly Attack[] = floods.map((command) => ({
  name: command.name,
  does: `floods with ${command.name}`,
  start: (field) => floodFrom(field, () => costly(command, field)),
}));

/** Every such row at a time: session by session another. */
export const mixedFlood: Attack = {
  name: 'mixed commands',
  does: 'floods with every command of the table, each session with another',
  start: (field) => {
    const rows = floods.map((command) => costly(command, field));
    return floodFrom(field, (session) => {
      let turn = session;
      return () => rows[turn++ % rows.length]!();
    });
  },
};

/** Blocks of a transfer without data, and of one with data. */
const LONG_BLOCKS = 32_768;
const READ_BLOCKS = 128;
const WRITE_BLOCKS = 8;
const UNMAP_DESCRIPTORS = 256;
const UNMAP_RANGE_BLOCKS = 64;

/** Values of fields, by name, for commands that need more than a range or an allocation length. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  INQUIRY: { evpd: 1, pageCode: 0x83 },
  'MODE SENSE (6)': { pageCode: 0x3f, subpageCode: 0xff },
  'MODE SENSE (10)': { pageCode: 0x3f, subpageCode: 0xff },
  'MODE SELECT (6)': { pf: 1, parameterListLength: 4 },
  'MODE SELECT (10)': { pf: 1, parameterListLength: 8 },
  'LOG SENSE': { pc: 1, pageCode: 0x0c },
  'START STOP UNIT': { start: 1 },
  'REPORT TARGET PORT GROUPS': { parameterDataFormat: 1 },
  'REPORT SUPPORTED OPERATION CODES': { rctd: 1 },
  'REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS': { repd: 1 },
  'READ BUFFER (10)': { mode: BufferMode.echoBufferDescriptor },
  'WRITE BUFFER': { mode: BufferMode.echoBuffer, parameterListLength: ECHO_BUFFER_BYTES },
  UNMAP: { parameterListLength: 8 + 16 * UNMAP_DESCRIPTORS },
};

/** Makes one costly command of this row after the other, at random places. */
export function costly(command: Command, field: AttackField): () => RawCommand {
  const { random, blockLength, blocks } = field;
  const { fields, length } = command.cdb.$;
  const template = new Uint8Array(length);
  const values: Record<string, number> = {
    operationCode: command.operationCode,
    serviceAction: command.serviceAction ?? 0,
    ...FIELDS[command.name],
  };
  const dataInLength = allocation(command, template);
  const transfer = transferOf(command.name);
  const count = fields['transferLength'] ?? fields['numberOfLogicalBlocks'];
  for (const [name, value] of Object.entries(values)) fields[name]?.set(template, value);
  count?.set(template, transfer);
  const data = dataOf(command.name, blockLength, transfer, random, blocks);
  const isRead = /^READ \(/.test(command.name);
  return () => {
    const cdb = template.slice();
    const lba = random.below(Math.max(1, Math.floor((blocks - LONG_BLOCKS) / 8))) * 8;
    (fields['logicalBlockAddress'] ?? fields['startingLogicalBlockAddress'])?.set(cdb, lba);
    fields['logicalBlockAddressLow']?.set(cdb, lba);
    return {
      cdb,
      dataInLength: isRead ? transfer * blockLength : dataInLength,
      ...(data === undefined ? {} : { dataOut: data }),
    };
  };
}

/** Asks for as much as the field can say, up to 64 KiB. */
function allocation({ cdb }: Command, template: Uint8Array): number {
  const field = cdb.$.fields['allocationLength'];
  if (field === undefined) return 0;
  const most = Math.min(2 ** (8 * field.length) - 1, 65_535);
  field.set(template, most);
  return most;
}

function transferOf(name: string): number {
  if (/^(VERIFY|WRITE SAME|PRE-FETCH|SYNCHRONIZE)/.test(name)) return LONG_BLOCKS;
  return /^READ/.test(name) ? READ_BLOCKS : WRITE_BLOCKS;
}

function dataOf(
  name: string,
  blockLength: number,
  transfer: number,
  random: SeededRandom,
  blocks: number,
): Uint8Array | undefined {
  if (/^WRITE SAME/.test(name)) return new Uint8Array(blockLength).fill(1 + random.below(255));
  if (name === 'WRITE BUFFER') return random.bytes(ECHO_BUFFER_BYTES);
  if (/^WRITE/.test(name)) return random.bytes(transfer * blockLength);
  if (name === 'COMPARE AND WRITE') return new Uint8Array(2 * transfer * blockLength);
  if (name === 'MODE SELECT (6)') return new Uint8Array(4);
  if (name === 'MODE SELECT (10)') return new Uint8Array(8);
  return name === 'UNMAP' ? unmapList(random, blocks) : undefined;
}

/** As many ranges as one UNMAP takes, apart from each other. */
function unmapList(random: SeededRandom, blocks: number): Uint8Array {
  const list = Buffer.alloc(8 + 16 * UNMAP_DESCRIPTORS);
  list.writeUInt16BE(list.length - 2, 0);
  list.writeUInt16BE(list.length - 8, 2);
  const places = Math.floor(blocks / (2 * UNMAP_RANGE_BLOCKS));
  const first = random.below(Math.max(1, places - UNMAP_DESCRIPTORS));
  for (let index = 0; index < UNMAP_DESCRIPTORS; index++) {
    const lba = (first + index) * 2 * UNMAP_RANGE_BLOCKS;
    list.writeBigUInt64BE(BigInt(lba), 8 + 16 * index);
    list.writeUInt32BE(UNMAP_RANGE_BLOCKS, 16 + 16 * index);
  }
  return list;
}
