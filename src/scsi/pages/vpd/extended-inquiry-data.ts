import { ExtendedInquiryData, VpdPageCode } from '../../standard/vpd.ts';
import { type VpdPage, vpdBody } from '../vpd-page.ts';

/** 86h: task attributes, and whether there is a volatile cache. No protection information. */
export const extendedInquiryDataPage: VpdPage = {
  name: 'Extended INQUIRY Data',
  pageCode: VpdPageCode.extendedInquiryData,
  body: ({ volume }) =>
    vpdBody(ExtendedInquiryData, (page) => {
      ExtendedInquiryData.headSup.set(page, 1);
      ExtendedInquiryData.ordSup.set(page, 1);
      ExtendedInquiryData.simpSup.set(page, 1);
      ExtendedInquiryData.vSup.set(page, volume.limits.volatileCache ? 1 : 0);
    }),
};
