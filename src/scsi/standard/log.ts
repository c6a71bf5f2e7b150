import { bits, layout, u8, u16, u32 } from '../../base/bytes/layout.ts';

/** LOG SENSE of SPC-4 and the log pages of SBC: CDB, headers, parameters. No logic. */

export const LogSenseCdb = layout('LOG SENSE', 10, {
  operationCode: u8(0),
  sp: bits(1, 0),
  pc: bits(2, 7, 6),
  pageCode: bits(2, 5, 0),
  subpageCode: u8(3),
  parameterPointer: u16(5),
  allocationLength: u16(7),
  control: u8(9),
});

export const LogPageHeader = layout('log page header', 4, {
  ds: bits(0, 7),
  spf: bits(0, 6),
  pageCode: bits(0, 5, 0),
  subpageCode: u8(1),
  pageLength: u16(2),
});

export const LogParameterHeader = layout('log parameter header', 4, {
  parameterCode: u16(0),
  du: bits(2, 7),
  tsd: bits(2, 5),
  formatAndLinking: bits(2, 1, 0),
  parameterLength: u8(3),
});

/** The bytes behind the header of a Logical Block Provisioning log parameter (SBC-5, 6.4.5). */
export const LogicalBlockProvisioningParameter = layout('resource count log parameter', 8, {
  resourceCount: u32(0),
  scope: bits(4, 1, 0),
});

export const LogPageCode = { supportedLogPages: 0x00, logicalBlockProvisioning: 0x0c } as const;

/** FORMAT AND LINKING of a binary format list log parameter. */
export const BINARY_FORMAT_LIST = 0x3;

/** SCOPE of a resource count. */
export const ResourceScope = { shared: 0x2 } as const;

/** PARAMETER CODE of the Logical Block Provisioning log page. */
export const ProvisioningParameter = {
  availableLbaMappingResourceCount: 0x0001,
  usedLbaMappingResourceCount: 0x0002,
} as const;
