import type { LogicalUnit } from '../logical-unit.ts';
import { LogPageCode } from '../standard/log.ts';
import { logicalBlockProvisioningLogPage } from './log/logical-block-provisioning.ts';
import type { LogPage } from './log-page.ts';
import { ascendingPages } from './page-tables.ts';

const supportedLogPagesPage: LogPage = {
  name: 'Supported Log Pages',
  pageCode: LogPageCode.supportedLogPages,
  isThere: () => true,
  body: (unit) => Uint8Array.from(logPagesOf(unit), ({ pageCode }) => pageCode),
};

/** Every log page, by ascending page code; page 00h is printed from this very table. */
const logPages: readonly LogPage[] = ascendingPages([
  supportedLogPagesPage,
  logicalBlockProvisioningLogPage,
]);

/** Those that the logical unit has. */
export function logPagesOf(unit: LogicalUnit): readonly LogPage[] {
  return logPages.filter((page) => page.isThere(unit));
}
