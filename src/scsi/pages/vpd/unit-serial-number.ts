import { ByteWriter } from '../../../base/bytes/byte-writer.ts';
import { VpdPageCode } from '../../standard/vpd.ts';
import type { VpdPage } from '../vpd-page.ts';

/** 80h: the serial number of the logical unit, from the document. */
export const unitSerialNumberPage: VpdPage = {
  name: 'Unit Serial Number',
  pageCode: VpdPageCode.unitSerialNumber,
  body: ({ identity }) => new ByteWriter().ascii(identity.serial).finish(),
};
