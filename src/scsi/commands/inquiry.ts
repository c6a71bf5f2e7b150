import type { Command, CommandCall } from '../command.ts';
import { encodeVpdPage, setPeripheral } from '../pages/vpd-page.ts';
import { vpdPages } from '../pages/vpd-pages.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import {
  InquiryCdb,
  InquiryData,
  InquiryText,
  TargetPortGroupSupport,
  VERSION_SPC_4,
  VersionDescriptor,
} from '../standard/spc.ts';
import { VpdPageCode } from '../standard/vpd.ts';

/**
 * The name of a LUN without a logical unit. Old releases of Linux treat a target whose LUN 0 has
 * blank names as absent, and scan none of its other LUNs.
 */
const NO_UNIT = { vendor: 'ALLPATH', product: 'DISK', revision: '0001' } as const;

/** RESPONSE DATA FORMAT of all versions since SPC-2. */
const RESPONSE_DATA_FORMAT = 2;

/** INQUIRY: standard data, or a vital product data page. Works on a LUN without a logical unit. */
export const inquiryCommand: Command = {
  name: InquiryCdb.$.name,
  operationCode: 0x12,
  cdb: InquiryCdb,
  access: 'none',
  reservations: 'allowed',
  addressing: 'anyLun',
  unitAttention: 'ignore',
  plan: (call) => {
    const { cdb } = call.task;
    const evpd = InquiryCdb.evpd.get(cdb) === 1;
    const pageCode = InquiryCdb.pageCode.get(cdb);
    const known = evpd ? hasPage(call, pageCode) : pageCode === 0;
    if (!known) return invalidInCdb(InquiryCdb.pageCode);
    return returning(InquiryCdb.allocationLength.get(cdb));
  },
  run: (call) => {
    const { cdb } = call.task;
    const evpd = InquiryCdb.evpd.get(cdb) === 1;
    const data = evpd ? vpdData(call) : standardData(call);
    return answer(call, data, InquiryCdb.allocationLength.get(cdb));
  },
};

/** Without a logical unit only the list of pages exists, which then lists only itself. */
function hasPage({ logicalUnit }: CommandCall, pageCode: number): boolean {
  if (logicalUnit === undefined) return pageCode === VpdPageCode.supportedVpdPages;
  return vpdPages.some((page) => page.pageCode === pageCode);
}

function vpdData({ task, logicalUnit, nexus }: CommandCall): Uint8Array {
  const pageCode = InquiryCdb.pageCode.get(task.cdb);
  const page = vpdPages.find((row) => row.pageCode === pageCode);
  if (logicalUnit === undefined || page === undefined) {
    return encodeVpdPage(pageCode, Uint8Array.of(VpdPageCode.supportedVpdPages), false);
  }
  return encodeVpdPage(pageCode, page.body(logicalUnit, nexus.identity), true);
}

/** Standard INQUIRY data, also of a LUN that has no logical unit. */
function standardData({ logicalUnit, nexus }: CommandCall): Uint8Array {
  const data = new Uint8Array(InquiryData.$.length);
  setPeripheral(data, logicalUnit !== undefined);
  InquiryData.version.set(data, VERSION_SPC_4);
  InquiryData.hiSup.set(data, 1);
  InquiryData.responseDataFormat.set(data, RESPONSE_DATA_FORMAT);
  InquiryData.additionalLength.set(data, data.length - InquiryData.additionalLength.byte - 1);
  InquiryData.tpgs.set(data, TargetPortGroupSupport.implicit);
  InquiryData.threePc.set(data, 1);
  InquiryData.multiP.set(data, 1);
  InquiryData.cmdQue.set(data, 1);
  const { vendor, product, revision } = logicalUnit?.identity ?? NO_UNIT;
  setText(data, InquiryText.t10VendorIdentification, vendor);
  setText(data, InquiryText.productIdentification, product);
  setText(data, InquiryText.productRevisionLevel, revision);
  InquiryData.versionDescriptor1.set(data, VersionDescriptor.sam5);
  InquiryData.versionDescriptor2.set(data, VersionDescriptor.spc4);
  InquiryData.versionDescriptor3.set(data, VersionDescriptor.sbc3);
  InquiryData.versionDescriptor4.set(data, nexus.identity.protocol.versionDescriptor);
  return data;
}

/** ASCII, left-aligned, padded with spaces (SPC, ASCII data field). */
function setText(
  data: Uint8Array,
  place: { readonly byte: number; readonly length: number },
  text: string,
): void {
  for (let i = 0; i < place.length; i++) {
    data[place.byte + i] = i < text.length ? text.charCodeAt(i) & 0x7f : 0x20;
  }
}
