import {
  BlockDeviceCharacteristics,
  NON_ROTATING_MEDIUM,
  VpdPageCode,
} from '../../standard/vpd.ts';
import { type VpdPage, vpdBody } from '../vpd-page.ts';

/** B1h: a medium that does not rotate; initiators then do not sort by distance. */
export const blockDeviceCharacteristicsPage: VpdPage = {
  name: 'Block Device Characteristics',
  pageCode: VpdPageCode.blockDeviceCharacteristics,
  body: () =>
    vpdBody(BlockDeviceCharacteristics, (page) => {
      BlockDeviceCharacteristics.mediumRotationRate.set(page, NON_ROTATING_MEDIUM);
    }),
};
