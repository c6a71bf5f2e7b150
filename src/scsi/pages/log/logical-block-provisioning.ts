import {
  LogicalBlockProvisioningParameter,
  LogPageCode,
  ProvisioningParameter,
  ResourceScope,
} from '../../standard/log.ts';
import { THRESHOLD_SET_BYTES } from '../../thin-space.ts';
import type { LogPage } from '../log-page.ts';

const RESOURCE_COUNT_MAX = 0xffff_ffff;

/** 0Ch: how full the store is, in threshold sets; other logical units share it. */
export const logicalBlockProvisioningLogPage: LogPage = {
  name: 'Logical Block Provisioning',
  pageCode: LogPageCode.logicalBlockProvisioning,
  isThere: ({ space }) => space.figures !== undefined,
  parameters: ({ space: { figures } }) => {
    if (figures === undefined) return [];
    return [
      {
        code: ProvisioningParameter.availableLbaMappingResourceCount,
        value: resourceCount(figures.availableBytes),
      },
      {
        code: ProvisioningParameter.usedLbaMappingResourceCount,
        value: resourceCount(figures.usedBytes),
      },
    ];
  },
};

function resourceCount(bytes: number): Uint8Array {
  const value = new Uint8Array(LogicalBlockProvisioningParameter.$.length);
  const sets = Math.floor(bytes / THRESHOLD_SET_BYTES);
  LogicalBlockProvisioningParameter.resourceCount.set(value, Math.min(sets, RESOURCE_COUNT_MAX));
  LogicalBlockProvisioningParameter.scope.set(value, ResourceScope.shared);
  return value;
}
