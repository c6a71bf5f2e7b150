import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { NexusIdentity } from '../nexus-identity.ts';
import { PeripheralDeviceType, PeripheralQualifier } from '../standard/spc.ts';
import { VPD_HEADER_LENGTH, VpdHeader } from '../standard/vpd.ts';

const PAGE_LENGTH_MAX = 0xffff;

/** One vital product data page: a row of the table that INQUIRY dispatches by. */
export interface VpdPage {
  /** The standard's name: `Block Limits`. */
  readonly name: string;
  readonly pageCode: number;
  /** The page behind its four-byte header. */
  body(logicalUnit: LogicalUnit, nexus: NexusIdentity): Uint8Array;
}

/** The body of a page whose layout counts bytes from the header on, filled by `set`. */
export function vpdBody(
  page: { readonly $: { readonly length: number } },
  set: (bytes: Uint8Array) => void,
): Uint8Array {
  assert(page.$.length > VPD_HEADER_LENGTH, 'a VPD page has a body');
  const bytes = new Uint8Array(page.$.length);
  set(bytes);
  for (let at = 0; at < VPD_HEADER_LENGTH; at++) assert(bytes[at] === 0, 'a body has no header');
  return bytes.subarray(VPD_HEADER_LENGTH);
}

/** A whole page; `connected` is false on a LUN without a logical unit. */
export function encodeVpdPage(pageCode: number, body: Uint8Array, connected: boolean): Uint8Array {
  assert(body.length <= PAGE_LENGTH_MAX, 'the page length of a VPD page is two bytes');
  const header = new Uint8Array(VPD_HEADER_LENGTH);
  setPeripheral(header, connected);
  VpdHeader.pageCode.set(header, pageCode);
  VpdHeader.pageLength.set(header, body.length);
  return new ByteWriter().bytes(header).bytes(body).finish();
}

/** The first byte of every INQUIRY answer. */
export function setPeripheral(bytes: Uint8Array, connected: boolean): void {
  const { peripheralQualifier, peripheralDeviceType } = VpdHeader;
  const qualifier = connected ? PeripheralQualifier.connected : PeripheralQualifier.notCapable;
  const type = connected ? PeripheralDeviceType.directAccessBlock : PeripheralDeviceType.unknown;
  peripheralQualifier.set(bytes, qualifier);
  peripheralDeviceType.set(bytes, type);
}
