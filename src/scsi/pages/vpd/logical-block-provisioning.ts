import { LogicalBlockProvisioning, ProvisioningType, VpdPageCode } from '../../standard/vpd.ts';
import { type VpdPage, vpdBody } from '../vpd-page.ts';

/** B2h: thin, unmapped by UNMAP and WRITE SAME, and what is unmapped reads as zeros. */
export const logicalBlockProvisioningPage: VpdPage = {
  name: 'Logical Block Provisioning',
  pageCode: VpdPageCode.logicalBlockProvisioning,
  body: () =>
    vpdBody(LogicalBlockProvisioning, (page) => {
      LogicalBlockProvisioning.lbpu.set(page, 1);
      LogicalBlockProvisioning.lbpws.set(page, 1);
      LogicalBlockProvisioning.lbpws10.set(page, 1);
      LogicalBlockProvisioning.lbprz.set(page, 1);
      LogicalBlockProvisioning.provisioningType.set(page, ProvisioningType.thin);
    }),
};
