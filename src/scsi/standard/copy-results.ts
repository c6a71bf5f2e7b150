import { bits, layout, u8, u16, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * What initiators learn of copies: RECEIVE COPY RESULTS and its parameter data. Places and code
 * points are those that libiscsi's conformance suite sends and FreeBSD's CTL parses.
 */

export const CopyStatusCdb = layout('RECEIVE COPY RESULTS (COPY STATUS)', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  listIdentifier: u8(2),
  allocationLength: u32(10),
  control: u8(15),
});

export const OperatingParametersCdb = layout('RECEIVE COPY RESULTS (OPERATING PARAMETERS)', 16, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  // Ignored by this service action, and some initiators fill it.
  listIdentifier: u8(2),
  allocationLength: u32(10),
  control: u8(15),
});

export const CopyStatusData = layout('copy status data', 12, {
  availableData: u32(0),
  hdd: bits(4, 7),
  copyManagerStatus: bits(4, 6, 0),
  segmentsProcessed: u16(5),
  transferCountUnits: u8(7),
  transferCount: u32(8),
});

/** COPY MANAGER STATUS. */
export const CopyManagerStatus = { inProgress: 0x00, completed: 0x01, failed: 0x02 } as const;
/** TRANSFER COUNT UNITS. */
export const TransferCountUnits = { bytes: 0x00, mebibytes: 0x02, blocks: 0xf1 } as const;

/** Without the list of implemented descriptor type codes, which follows. */
export const OperatingParametersData = layout('copy operating parameters', 44, {
  availableData: u32(0),
  snlid: bits(4, 0),
  maximumCscdDescriptorCount: u16(8),
  maximumSegmentDescriptorCount: u16(10),
  maximumDescriptorListLength: u32(12),
  maximumSegmentLength: u32(16),
  maximumInlineDataLength: u32(20),
  heldDataLimit: u32(24),
  maximumStreamDeviceTransferSize: u32(28),
  totalConcurrentCopies: u16(34),
  maximumConcurrentCopies: u8(36),
  dataSegmentGranularity: u8(37),
  inlineDataGranularity: u8(38),
  heldDataGranularity: u8(39),
  implementedDescriptorListLength: u8(43),
});

/** What RECEIVE COPY STATUS (LID4) and RECEIVE ROD TOKEN INFORMATION begin with; sense follows. */
export const CopyOperationData = layout('copy operation status', 32, {
  /** Of what follows it. */
  availableData: u32(0),
  responseToServiceAction: bits(4, 4, 0),
  hdd: bits(5, 7),
  copyOperationStatus: bits(5, 6, 0),
  operationCounter: u16(6),
  /** In milliseconds. */
  estimatedStatusUpdateDelay: u32(8),
  extendedCopyCompletionStatus: u8(12),
  lengthOfTheSenseDataField: u8(13),
  senseDataLength: u8(14),
  transferCountUnits: u8(15),
  transferCount: u64(16),
  segmentsProcessed: u16(24),
});

/** COPY OPERATION STATUS. */
export const CopyOperationStatus = {
  completed: 0x01,
  failed: 0x02,
  inProgress: 0x11,
  terminated: 0x60,
} as const;

/** ESTIMATED STATUS UPDATE DELAY when there is no estimate. */
export const NO_ESTIMATE = 0xffff_ffff;
