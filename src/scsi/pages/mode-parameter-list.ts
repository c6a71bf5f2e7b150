import { assert } from '../../base/assert.ts';
import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { CommandResult } from '../command-result.ts';
import type { ModeParameters } from '../mode-parameters.ts';
import { atParameter, conditions, invalidInParameterList } from '../sense-table.ts';
import {
  LongLbaBlockDescriptor,
  ModeHeader10,
  ModePageHeader,
  ModeSubpageHeader,
  NUMBER_OF_LOGICAL_BLOCKS_MAX,
  ShortLbaBlockDescriptor,
} from '../standard/mode.ts';
import type { SharedState } from '../unit-state.ts';
import { encodeChangeable, encodeModePage, type ModePage } from './mode-page.ts';
import { findModePage } from './mode-pages.ts';

/** Header of a mode parameter list, of six- or ten-byte MODE SELECT. */
export type ModeListHeader = Layout<Record<'mediumType' | 'blockDescriptorLength', Field>>;

/**
 * Applies the parameter list of a MODE SELECT to `next` (a copy of what is current). Returns the
 * result of a list that is refused; `next` must then be discarded. MODE DATA LENGTH, the
 * DEVICE-SPECIFIC PARAMETER and PS mean nothing in this direction and are ignored: initiators send
 * back what MODE SENSE returned.
 */
export function applyModeParameterList(
  list: Uint8Array,
  header: ModeListHeader,
  state: SharedState,
  next: ModeParameters,
): CommandResult | undefined {
  if (list.length < header.$.length) return conditions.parameterListLengthError;
  if (header.mediumType.get(list) !== 0) return invalidInParameterList(header.mediumType);
  const descriptorLength = header.blockDescriptorLength.get(list);
  const refusal = checkBlockDescriptor(list, header, state);
  if (refusal !== undefined) return refusal;
  let at = header.$.length + descriptorLength;
  while (at < list.length) {
    const taken = applyPage(list, at, next);
    if (typeof taken !== 'number') return taken;
    assert(taken > 0, 'a page that is taken over has a length');
    at += taken;
  }
  assert(at === list.length, 'pages fill their list');
  return undefined;
}

/** A block descriptor may be left out; one that is present must state the current values. */
function checkBlockDescriptor(
  list: Uint8Array,
  header: ModeListHeader,
  { blocks, blockLengthBytes }: SharedState,
): CommandResult | undefined {
  const length = header.blockDescriptorLength.get(list);
  if (length === 0) return undefined;
  const at = header.$.length;
  const long = header.$ === ModeHeader10.$ && ModeHeader10.longLba.get(list) === 1;
  const descriptor = long ? LongLbaBlockDescriptor : ShortLbaBlockDescriptor;
  if (length !== descriptor.$.length) return invalidInParameterList(header.blockDescriptorLength);
  if (list.length < at + length) return conditions.parameterListLengthError;
  const asked = descriptor.numberOfLogicalBlocks.get(list, at);
  // 0 and all ones leave the capacity as it is.
  const keeps = asked === 0 || asked === blocks || asked >= allOnes(long);
  if (!keeps) return invalidInParameterList(descriptor.numberOfLogicalBlocks, at);
  if (descriptor.logicalBlockLength.get(list, at) !== blockLengthBytes) {
    return invalidInParameterList(descriptor.logicalBlockLength, at);
  }
  return undefined;
}

/** The highest NUMBER OF LOGICAL BLOCKS, as its field reads it. */
function allOnes(long: boolean): number {
  return long ? 2 ** 64 : NUMBER_OF_LOGICAL_BLOCKS_MAX;
}

/** Applies one page; returns its length, or the result of the command. */
function applyPage(list: Uint8Array, at: number, next: ModeParameters): number | CommandResult {
  if (list.length < at + ModePageHeader.$.length) return conditions.parameterListLengthError;
  const spf = ModePageHeader.spf.get(list, at) === 1;
  const header = spf ? ModeSubpageHeader : ModePageHeader;
  if (list.length < at + header.$.length) return conditions.parameterListLengthError;
  const pageCode = header.pageCode.get(list, at);
  const subpageCode = spf ? ModeSubpageHeader.subpageCode.get(list, at) : 0;
  const page = findModePage(pageCode, subpageCode);
  if (page === undefined) {
    const subpageAtFault = spf && findModePage(pageCode, 0) !== undefined;
    const field = subpageAtFault ? ModeSubpageHeader.subpageCode : header.pageCode;
    return invalidInParameterList(field, at);
  }
  // SPF 1 with subpage 00h is not how a page without subpage is sent.
  if (spf && subpageCode === 0) return invalidInParameterList(ModeSubpageHeader.subpageCode, at);
  const { length } = page.layout.$;
  if (header.pageLength.get(list, at) !== length - header.$.length) {
    return invalidInParameterList(header.pageLength, at);
  }
  if (list.length < at + length) return conditions.parameterListLengthError;
  return applyFields(list.subarray(at, at + length), at, page, next) ?? length;
}

/**
 * Refuses a change of an unchangeable field, pointing at its highest bit, and a reserved value;
 * applies the rest.
 */
function applyFields(
  sent: Uint8Array,
  at: number,
  page: ModePage,
  next: ModeParameters,
): CommandResult | undefined {
  const current = encodeModePage(page, next);
  const changeable = encodeChangeable(page);
  for (let i = 2; i < sent.length; i++) {
    const changed = (sent[i]! ^ current[i]!) & ~changeable[i]!;
    if (changed !== 0) {
      const bit = 31 - Math.clz32(changed);
      return atParameter(conditions.invalidFieldInParameterList, at + i, bit);
    }
  }
  for (const { field, values, apply } of page.changeable) {
    const value = field.get(sent);
    if (values?.includes(value) === false) return invalidInParameterList(field, at);
    apply(next, value);
  }
  const conflict = page.conflict?.(next);
  return conflict === undefined ? undefined : invalidInParameterList(conflict, at);
}
