import type { Command } from '../../../src/scsi/command.ts';
import { commands } from '../../../src/scsi/command-table.ts';
import { ATOMIC_WRITE_BYTES } from '../../../src/scsi/limits.ts';
import { modePages } from '../../../src/scsi/pages/mode-pages.ts';
import { vpdPages } from '../../../src/scsi/pages/vpd-pages.ts';
import { LogPageCode } from '../../../src/scsi/standard/log.ts';
import { ALL_PAGES, ALL_SUBPAGES } from '../../../src/scsi/standard/mode.ts';
import { WriteAtomic16 } from '../../../src/scsi/standard/sbc.ts';
import { BufferMode, InformationType } from '../../../src/scsi/standard/spc.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { BLOCK_LENGTH_BYTES, BLOCKS } from './program.ts';

type FieldValue = (random: SeededRandom, command: Command) => number;

/**
 * Values of the fields of CDBs, by the standard's name of the field: mostly such that the command
 * does something. Other fields are zero mostly, which suits whatever is optional.
 */
export const fieldValues: Readonly<Record<string, FieldValue>> = {
  logicalBlockAddress: lbaOf,
  startingLogicalBlockAddress: lba,
  logicalBlockAddressLow: lba,
  transferLength: blockCountOf,
  numberOfLogicalBlocks: oneOf(1, 1, 2, 2, 4, 8, 0, 255),
  allocationLength: oneOf(252, 252, 252, 4096, 4096, 1024, 96, 36, 24, 18, 8, 4, 1, 0),
  pageCode,
  listIdentifier: oneOf(1, 1, 2),
  mode: oneOf(BufferMode.echoBuffer, BufferMode.echoBuffer, BufferMode.echoBufferDescriptor, 2),
  prevent: oneOf(0, 0, 1, 1, 2),
  informationType: oneOf(0, 2, 2, InformationType.supported, 1),
  subpageCode: mostly(0, ALL_SUBPAGES, 1),
  pc: oneOf(0, 0, 0, 1, 2, 3),
  evpd: oneOf(1, 1, 1, 0),
  pf: mostly(1, 0),
  selectReport: oneOf(0, 2, 2, 1, 3),
  reportingOptions: oneOf(0, 1, 2, 3, 4),
  requestedOperationCode: (random) => random.pick(commands).operationCode,
  requestedServiceAction: (random) => random.pick(commands).serviceAction ?? 0,
  type: oneOf(1, 3, 5, 6, 7, 8, 0, 2),
  bytchk: oneOf(0, 0, 1, 1, 1, 3, 2),
  start: eitherBit,
  desc: eitherBit,
  unmap: eitherBit,
  dbd: eitherBit,
  llbaa: eitherBit,
  rctd: eitherBit,
  repd: eitherBit,
  fua: eitherBit,
  dpo: eitherBit,
  immed: eitherBit,
  noFlush: eitherBit,
  selfTest: eitherBit,
  reqPlist: eitherBit,
  reqGlist: eitherBit,
};

/** The value of a field, which it may not have room for. */
export function fieldValue(random: SeededRandom, command: Command, name: string): number {
  return (fieldValues[name] ?? usuallyZero)(random, command);
}

const usuallyZero = mostly(0, 1, 2, 4);

/** Few blocks, so that commands meet; seldom the end of the medium, or what is behind it. */
export function lba(random: SeededRandom): number {
  const where = random.below(20);
  if (where < 16) return random.below(12);
  return where < 19 ? BLOCKS - 1 - random.below(4) : BLOCKS + random.below(1000);
}

export function blockCount(random: SeededRandom): number {
  return random.pick([1, 1, 1, 2, 2, 3, 4, 8, 16, 0]);
}

const ATOMIC_BLOCKS = ATOMIC_WRITE_BYTES / BLOCK_LENGTH_BYTES;

/** WRITE ATOMIC takes one length at addresses that are multiples of it. */
function lbaOf(random: SeededRandom, { cdb }: Command): number {
  const at = lba(random);
  return cdb === WriteAtomic16 && random.below(8) > 0 ? at - (at % ATOMIC_BLOCKS) : at;
}

function blockCountOf(random: SeededRandom, { cdb }: Command): number {
  return cdb === WriteAtomic16 && random.below(8) > 0 ? ATOMIC_BLOCKS : blockCount(random);
}

/** Seldom one of the others. */
function mostly(usual: number, ...others: readonly number[]): FieldValue {
  return (random) => (random.below(25) > 0 ? usual : random.pick(others));
}

function oneOf(...values: readonly number[]): FieldValue {
  return (random) => random.pick(values);
}

function eitherBit(random: SeededRandom): number {
  return random.below(2);
}

const pageCodes: Readonly<Record<string, readonly number[]>> = {
  INQUIRY: [0, ...vpdPages.map((page) => page.pageCode)],
  'LOG SENSE': Object.values(LogPageCode),
};
const modePageCodes = [...modePages.map((page) => page.pageCode), ALL_PAGES, ALL_PAGES];

function pageCode(random: SeededRandom, { name }: Command): number {
  const known = pageCodes[name] ?? modePageCodes;
  return random.below(20) > 0 ? random.pick(known) : random.below(ALL_PAGES);
}
