import { VpdPageCode } from '../standard/vpd.ts';
import { ascendingPages } from './page-tables.ts';
import { blockDeviceCharacteristicsPage } from './vpd/block-device-characteristics.ts';
import { blockLimitsPage } from './vpd/block-limits.ts';
import { deviceIdentificationPage } from './vpd/device-identification.ts';
import { extendedInquiryDataPage } from './vpd/extended-inquiry-data.ts';
import { logicalBlockProvisioningPage } from './vpd/logical-block-provisioning.ts';
import { thirdPartyCopyPage } from './vpd/third-party-copy.ts';
import { unitSerialNumberPage } from './vpd/unit-serial-number.ts';
import type { VpdPage } from './vpd-page.ts';

const supportedVpdPagesPage: VpdPage = {
  name: 'Supported VPD Pages',
  pageCode: VpdPageCode.supportedVpdPages,
  body: () => Uint8Array.from(vpdPages, (page) => page.pageCode),
};

/** Every VPD page, by ascending page code; page 00h is printed from this very table. */
export const vpdPages: readonly VpdPage[] = ascendingPages([
  supportedVpdPagesPage,
  unitSerialNumberPage,
  deviceIdentificationPage,
  extendedInquiryDataPage,
  thirdPartyCopyPage,
  blockLimitsPage,
  blockDeviceCharacteristicsPage,
  logicalBlockProvisioningPage,
]);
