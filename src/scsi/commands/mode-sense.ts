import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { defaultModes, type ModeParameters } from '../mode-parameters.ts';
import { encodeChangeable, encodeModePage, type ModePage } from '../pages/mode-page.ts';
import { findModePage, selectModePages } from '../pages/mode-pages.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import {
  ALL_PAGES,
  LongLbaBlockDescriptor,
  ModeHeader6,
  ModeHeader10,
  ModeSense6Cdb,
  ModeSense10Cdb,
  NUMBER_OF_LOGICAL_BLOCKS_MAX,
  PageControl,
  ShortLbaBlockDescriptor,
} from '../standard/mode.ts';
import { mediumOf } from './medium.ts';

const MODE_DATA_LENGTH_6_MAX = 0xff;
const MODE_DATA_LENGTH_10_MAX = 0xffff;

type ModeSenseCdb = Layout<
  Record<'dbd' | 'pc' | 'pageCode' | 'subpageCode' | 'allocationLength', Field>
>;

/** MODE SENSE (6) and (10). */
export const modeSenseCommands: readonly Command[] = [
  modeSense(0x1a, ModeSense6Cdb, modeSense6Data),
  modeSense(0x5a, ModeSense10Cdb, modeSense10Data),
];

function modeSense(
  operationCode: number,
  cdb: ModeSenseCdb,
  encode: (call: CommandCall, pages: Uint8Array) => Uint8Array,
): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'none',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: (call) => planModeSense(call, cdb),
    run: (call) => {
      const data = encode(call, encodePages(call, cdb));
      return answer(call, data, cdb.allocationLength.get(call.task.cdb));
    },
  };
}

function planModeSense({ task }: CommandCall, cdb: ModeSenseCdb): Plan | CommandResult {
  const pageCode = cdb.pageCode.get(task.cdb);
  const subpageCode = cdb.subpageCode.get(task.cdb);
  if (selectModePages(pageCode, subpageCode).length === 0) {
    // The field pointer names the page code unless only the subpage code is wrong.
    const pageKnown = pageCode === ALL_PAGES || findModePage(pageCode, 0) !== undefined;
    return invalidInCdb(pageKnown ? cdb.subpageCode : cdb.pageCode);
  }
  return returning(cdb.allocationLength.get(task.cdb));
}

function encodePages(call: CommandCall, layout: ModeSenseCdb): Uint8Array {
  const { cdb } = call.task;
  const pageControl = layout.pc.get(cdb);
  const shown = shownModes(mediumOf(call), pageControl);
  const encode = (page: ModePage): Uint8Array => {
    if (pageControl === PageControl.changeable) return encodeChangeable(page);
    return encodeModePage(page, shown);
  };
  const writer = new ByteWriter();
  const pages = selectModePages(layout.pageCode.get(cdb), layout.subpageCode.get(cdb));
  for (const page of pages) writer.bytes(encode(page));
  return writer.finish();
}

function shownModes(unit: LogicalUnit, pageControl: number): Readonly<ModeParameters> {
  switch (pageControl) {
    case PageControl.defaults:
      return defaultModes(unit.volume.limits.volatileCache);
    case PageControl.saved:
      return unit.savedModes;
    default:
      return unit.modes;
  }
}

function modeSense6Data(call: CommandCall, pages: Uint8Array): Uint8Array {
  const logicalUnit = mediumOf(call);
  const disabled = ModeSense6Cdb.dbd.get(call.task.cdb) === 1;
  const descriptor = disabled ? new Uint8Array(0) : shortDescriptor(logicalUnit);
  const header = new Uint8Array(ModeHeader6.$.length);
  // MODE DATA LENGTH does not count itself.
  const total = header.length + descriptor.length + pages.length;
  assert(total <= MODE_DATA_LENGTH_6_MAX + 1, 'MODE DATA LENGTH (6) is one byte');
  ModeHeader6.modeDataLength.set(header, total - ModeHeader6.modeDataLength.length);
  ModeHeader6.wp.set(header, logicalUnit.isWriteProtected ? 1 : 0);
  ModeHeader6.dpoFua.set(header, 1);
  ModeHeader6.blockDescriptorLength.set(header, descriptor.length);
  return new ByteWriter().bytes(header).bytes(descriptor).bytes(pages).finish();
}

function modeSense10Data(call: CommandCall, pages: Uint8Array): Uint8Array {
  const { cdb } = call.task;
  const logicalUnit = mediumOf(call);
  const disabled = ModeSense10Cdb.dbd.get(cdb) === 1;
  const long = !disabled && ModeSense10Cdb.llbaa.get(cdb) === 1;
  const descriptorOf = long ? longDescriptor : shortDescriptor;
  const descriptor = disabled ? new Uint8Array(0) : descriptorOf(logicalUnit);
  const header = new Uint8Array(ModeHeader10.$.length);
  const total = header.length + descriptor.length + pages.length;
  assert(total <= MODE_DATA_LENGTH_10_MAX + 2, 'MODE DATA LENGTH (10) is two bytes');
  ModeHeader10.modeDataLength.set(header, total - ModeHeader10.modeDataLength.length);
  ModeHeader10.wp.set(header, logicalUnit.isWriteProtected ? 1 : 0);
  ModeHeader10.dpoFua.set(header, 1);
  ModeHeader10.longLba.set(header, long ? 1 : 0);
  ModeHeader10.blockDescriptorLength.set(header, descriptor.length);
  return new ByteWriter().bytes(header).bytes(descriptor).bytes(pages).finish();
}

function shortDescriptor({ blocks, blockLengthBytes }: LogicalUnit): Uint8Array {
  const bytes = new Uint8Array(ShortLbaBlockDescriptor.$.length);
  const shown = Math.min(blocks, NUMBER_OF_LOGICAL_BLOCKS_MAX);
  ShortLbaBlockDescriptor.numberOfLogicalBlocks.set(bytes, shown);
  ShortLbaBlockDescriptor.logicalBlockLength.set(bytes, blockLengthBytes);
  return bytes;
}

function longDescriptor({ blocks, blockLengthBytes }: LogicalUnit): Uint8Array {
  const bytes = new Uint8Array(LongLbaBlockDescriptor.$.length);
  LongLbaBlockDescriptor.numberOfLogicalBlocks.set(bytes, blocks);
  LongLbaBlockDescriptor.logicalBlockLength.set(bytes, blockLengthBytes);
  return bytes;
}
