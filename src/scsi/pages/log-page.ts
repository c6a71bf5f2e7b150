import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { BINARY_FORMAT_LIST, LogPageHeader, LogParameterHeader } from '../standard/log.ts';

/** One log page: a row of the table that LOG SENSE dispatches by. */
export interface LogPage {
  /** The standard's name. */
  readonly name: string;
  readonly pageCode: number;
  /** Whether the logical unit has it now. */
  isThere(logicalUnit: LogicalUnit): boolean;
  /** By ascending code; undefined for a page that has no parameters but bytes. */
  parameters?(logicalUnit: LogicalUnit): readonly LogParameter[];
  /** The page behind its header, where it has no parameters. */
  body?(logicalUnit: LogicalUnit): Uint8Array;
}

interface LogParameter {
  readonly code: number;
  /** The bytes behind its header. */
  readonly value: Uint8Array;
}

/** A whole page, of its parameters those from code `pointer` on. */
export function encodeLogPage(page: LogPage, unit: LogicalUnit, pointer: number): Uint8Array {
  const body = new ByteWriter();
  if (page.body !== undefined) body.bytes(page.body(unit));
  let before = -1;
  for (const { code, value } of page.parameters?.(unit) ?? []) {
    assert(code > before, `the parameters of ${page.name} ascend`);
    assert(code <= 0xffff, `the parameter codes of ${page.name} are two bytes`);
    assert(value.length <= 0xff, `the parameters of ${page.name} have a length of one byte`);
    before = code;
    if (code >= pointer) body.bytes(parameterHeader(code, value.length)).bytes(value);
  }
  const bytes = body.finish();
  assert(bytes.length <= 0xffff, `the page length of ${page.name} is two bytes`);
  const header = new Uint8Array(LogPageHeader.$.length);
  // Nothing here is saved.
  LogPageHeader.ds.set(header, page.parameters === undefined ? 0 : 1);
  LogPageHeader.pageCode.set(header, page.pageCode);
  LogPageHeader.pageLength.set(header, bytes.length);
  return new ByteWriter().bytes(header).bytes(bytes).finish();
}

function parameterHeader(code: number, length: number): Uint8Array {
  const header = new Uint8Array(LogParameterHeader.$.length);
  LogParameterHeader.parameterCode.set(header, code);
  LogParameterHeader.formatAndLinking.set(header, BINARY_FORMAT_LIST);
  LogParameterHeader.parameterLength.set(header, length);
  return header;
}
