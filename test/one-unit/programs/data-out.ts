import { ByteWriter } from '../../../src/base/bytes/byte-writer.ts';
import type { BlockRun } from '../../../src/scsi/block-range.ts';
import type { Command } from '../../../src/scsi/command.ts';
import { ByteCheck } from '../../../src/scsi/commands/verify.ts';
import { defaultModes } from '../../../src/scsi/mode-parameters.ts';
import { encodeModePage, type ModePage } from '../../../src/scsi/pages/mode-page.ts';
import { modePages } from '../../../src/scsi/pages/mode-pages.ts';
import { ControlPage, ModeHeader6, ModeHeader10 } from '../../../src/scsi/standard/mode.ts';
import { copyList } from '../../support/copy-lists.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { populateList, writeTokenList, zeroToken } from '../../support/token-lists.ts';
import { blockCount, lba } from './cdb-fields.ts';
import { BLOCK_LENGTH_BYTES, LUNS, naaOf } from './program.ts';
import type { ProgramKeys } from './program-keys.ts';
import { reserveOutList } from './reserve-out-list.ts';

/** What the data-out of a command depends on. */
interface DataOutParts {
  readonly random: SeededRandom;
  readonly command: Command;
  readonly cdb: Uint8Array;
  readonly keys: ProgramKeys;
  readonly nexus: number;
  readonly lun: number;
}

type DataOut = (parts: DataOutParts) => Uint8Array;

/** Few contents of a block, so that comparisons succeed. */
const FILLS = [0, 0, 1, 2];
const UNMAP_DESCRIPTORS_MAX = 3;
const COPY_SEGMENTS_MAX = 2;
const TOKEN_RANGES = 2;
/** In bytes; the last is refused of either type. */
const IDENTIFYING_LENGTHS = [0, 1, 64, 256, 257];
/** In bytes; the last is more than an echo buffer holds. */
const ECHO_LENGTHS = [0, 4, 252, 4097];
const NO_BYTES = new Uint8Array(0);

const blocksOfTransfer: DataOut = ({ random, command, cdb }) =>
  blocks(random, transferLengthOf(command, cdb));

const checkedBlocks: DataOut = (parts) => {
  const byteCheck = parts.command.cdb.$.fields['bytchk']!.get(parts.cdb);
  if (byteCheck === ByteCheck.oneBlock) return blocks(parts.random, 1);
  return byteCheck === ByteCheck.data ? blocksOfTransfer(parts) : NO_BYTES;
};

const oneBlock: DataOut = ({ random, command, cdb }) =>
  command.cdb.$.fields['ndob']?.get(cdb) === 1 ? NO_BYTES : blocks(random, 1);

/** By the name of the CDB: the data of commands other than those that write what they are sent. */
export const dataOuts: Readonly<Record<string, DataOut>> = {
  'VERIFY (10)': checkedBlocks,
  'VERIFY (12)': checkedBlocks,
  'VERIFY (16)': checkedBlocks,
  'WRITE SAME (10)': oneBlock,
  'WRITE SAME (16)': oneBlock,
  'COMPARE AND WRITE': ({ random, command, cdb }) => {
    const count = command.cdb.$.fields['numberOfLogicalBlocks']!.get(cdb);
    return new ByteWriter().bytes(blocks(random, count)).bytes(blocks(random, count)).finish();
  },
  'EXTENDED COPY (LID1)': ({ random, keys, nexus }) => {
    keys.favourite = nexus;
    return randomCopyList(random);
  },
  'POPULATE TOKEN': ({ random, command, cdb, keys, nexus, lun }) => {
    keys.favourite = nexus;
    keys.token = { lun, listId: command.cdb.$.fields['listIdentifier']!.get(cdb) };
    return populateList(randomRuns(random));
  },
  'WRITE USING TOKEN': ({ random }) => writeTokenList(zeroToken(), randomRuns(random)),
  UNMAP: ({ random }) => unmapList(random),
  'MODE SELECT (6)': ({ random }) => modeList(random, ModeHeader6.$.length),
  'MODE SELECT (10)': ({ random }) => modeList(random, ModeHeader10.$.length),
  'SET IDENTIFYING INFORMATION': ({ random }) => {
    return new Uint8Array(random.pick(IDENTIFYING_LENGTHS)).fill(random.pick(FILLS));
  },
  'WRITE BUFFER': ({ random }) => {
    return new Uint8Array(random.pick(ECHO_LENGTHS)).fill(random.pick(FILLS));
  },
  'PERSISTENT RESERVE OUT': ({ random, command, keys, nexus, lun }) =>
    reserveOutList(command.serviceAction!, { random, keys, nexus, lun }),
};

export function dataOutOf(parts: DataOutParts): Uint8Array {
  const { access, cdb } = parts.command;
  const isWrite = access === 'writeMedium' && 'transferLength' in cdb.$.fields;
  const make = dataOuts[cdb.$.name] ?? (isWrite ? blocksOfTransfer : undefined);
  return make?.(parts) ?? NO_BYTES;
}

/** Blocks that a CDB with a TRANSFER LENGTH asks for. */
export function transferLengthOf({ cdb: { $ } }: Command, cdb: Uint8Array): number {
  const length = $.fields['transferLength']?.get(cdb) ?? 0;
  return $.length === 6 && length === 0 ? 256 : length;
}

function blocks(random: SeededRandom, count: number): Uint8Array {
  const bytes = new Uint8Array(count * BLOCK_LENGTH_BYTES);
  const isAlike = random.below(2) === 0;
  const fill = random.pick(FILLS);
  for (let at = 0; at < bytes.length; at += BLOCK_LENGTH_BYTES) {
    bytes.fill(isAlike ? fill : random.pick(FILLS), at, at + BLOCK_LENGTH_BYTES);
  }
  return bytes;
}

function unmapList(random: SeededRandom): Uint8Array {
  const count = random.below(UNMAP_DESCRIPTORS_MAX + 1);
  const writer = new ByteWriter()
    .u16(6 + 16 * count)
    .u16(16 * count)
    .zeros(4);
  for (let at = 0; at < count; at++) {
    writer.zeros(4).u32(lba(random)).u32(blockCount(random)).zeros(4);
  }
  return writer.finish();
}

/** Segments from any of the logical units to any, and now and then to one that is not there. */
function randomCopyList(random: SeededRandom): Uint8Array {
  const units = LUNS.map((lun) => naaOf(random.seed, lun));
  const count = random.below(COPY_SEGMENTS_MAX + 1);
  const segments = Array.from({ length: count }, () => ({
    source: random.below(units.length),
    destination: random.below(random.below(8) === 0 ? units.length + 1 : units.length),
    sourceLba: lba(random),
    destinationLba: lba(random),
    blocks: blockCount(random),
  }));
  return copyList({ listId: 1 + random.below(2), units, segments });
}

function randomRuns(random: SeededRandom): readonly BlockRun[] {
  const count = 1 + random.below(TOKEN_RANGES);
  return Array.from({ length: count }, () => ({ lba: lba(random), blocks: blockCount(random) }));
}

/** One page as it is by default, with changeable fields at random; mostly the Control page. */
function modeList(random: SeededRandom, headerLength: number): Uint8Array {
  const control = modePages.find(({ layout }) => layout.$ === ControlPage.$)!;
  const page = random.below(8) > 0 ? control : random.pick(modePages);
  return new ByteWriter().zeros(headerLength).bytes(randomPage(random, page)).finish();
}

function randomPage(random: SeededRandom, page: ModePage): Uint8Array {
  const bytes = encodeModePage(page, defaultModes(true));
  for (const { field, values } of page.changeable) {
    // Write protection, and unit attentions that stay, would leave little to do.
    const isRare = field === ControlPage.swp || field === ControlPage.uaIntlckCtrl;
    if (random.below(isRare ? 8 : 2) > 0) continue;
    field.set(bytes, random.pick(values ?? [0, 1]));
  }
  return bytes;
}
