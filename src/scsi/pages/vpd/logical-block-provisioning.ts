import { LogicalBlockProvisioning, ProvisioningType, VpdPageCode } from '../../standard/vpd.ts';
import { thresholdExponent } from '../../thin-space.ts';
import { type VpdPage, vpdBody } from '../vpd-page.ts';

/** B2h: thin, unmapped by UNMAP and WRITE SAME, and what is unmapped reads as zeros. */
export const logicalBlockProvisioningPage: VpdPage = {
  name: 'Logical Block Provisioning',
  pageCode: VpdPageCode.logicalBlockProvisioning,
  body: ({ blockLengthBytes }) =>
    vpdBody(LogicalBlockProvisioning, (page) => {
      LogicalBlockProvisioning.thresholdExponent.set(page, thresholdExponent(blockLengthBytes));
      LogicalBlockProvisioning.lbpu.set(page, 1);
      LogicalBlockProvisioning.lbpws.set(page, 1);
      LogicalBlockProvisioning.lbpws10.set(page, 1);
      LogicalBlockProvisioning.lbprz.set(page, 1);
      LogicalBlockProvisioning.provisioningType.set(page, ProvisioningType.thin);
    }),
};
