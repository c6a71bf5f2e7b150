import { LogicalBlockProvisioning, ProvisioningType, VpdPageCode } from '../../standard/vpd.ts';
import { thresholdExponent } from '../../thin-space.ts';
import { type VpdPage, vpdBody } from '../vpd-page.ts';

/**
 * B2h: thin, unmapped by UNMAP and WRITE SAME, and what is unmapped reads as zeros. Thresholds are
 * announced (THRESHOLD EXPONENT not zero) only where the log page that counts them exists.
 */
export const logicalBlockProvisioningPage: VpdPage = {
  name: 'Logical Block Provisioning',
  pageCode: VpdPageCode.logicalBlockProvisioning,
  body: ({ blockLengthBytes, space }) =>
    vpdBody(LogicalBlockProvisioning, (page) => {
      const exponent = space.figures === undefined ? 0 : thresholdExponent(blockLengthBytes);
      LogicalBlockProvisioning.thresholdExponent.set(page, exponent);
      LogicalBlockProvisioning.lbpu.set(page, 1);
      LogicalBlockProvisioning.lbpws.set(page, 1);
      LogicalBlockProvisioning.lbpws10.set(page, 1);
      LogicalBlockProvisioning.lbprz.set(page, 1);
      LogicalBlockProvisioning.provisioningType.set(page, ProvisioningType.thin);
    }),
};
