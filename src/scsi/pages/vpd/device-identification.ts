import { encodeDesignators, logicalUnitDesignators, targetDesignators } from '../../designators.ts';
import { VpdPageCode } from '../../standard/vpd.ts';
import type { VpdPage } from '../vpd-page.ts';

/** 83h: names of the logical unit, then of the port and device that the path leads through. */
export const deviceIdentificationPage: VpdPage = {
  name: 'Device Identification',
  pageCode: VpdPageCode.deviceIdentification,
  body: ({ identity }, { targetPort }) =>
    encodeDesignators([...logicalUnitDesignators(identity), ...targetDesignators(targetPort)]),
};
