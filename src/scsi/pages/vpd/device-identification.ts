import { encodeDesignators } from '../../designator.ts';
import { logicalUnitDesignators, targetDesignators } from '../../designators.ts';
import { VpdPageCode } from '../../standard/vpd.ts';
import type { VpdPage } from '../vpd-page.ts';

/** 83h: designators of the logical unit, then of the port and device of the path. */
export const deviceIdentificationPage: VpdPage = {
  name: 'Device Identification',
  pageCode: VpdPageCode.deviceIdentification,
  body: ({ identity }, { protocol, targetPort }) => {
    const designators = [...logicalUnitDesignators(identity), ...targetDesignators(targetPort)];
    return encodeDesignators(designators, protocol.identifier);
  },
};
