import { bits, layout, u8, u16, u24, u32, u64 } from '../../base/bytes/layout.ts';

/**
 * Mode parameters: CDBs, headers and block descriptors of SPC-4 and SBC-3, and the mode pages with
 * their own two- or four-byte header. No logic.
 */

export const ModeSense6Cdb = layout('MODE SENSE (6)', 6, {
  operationCode: u8(0),
  dbd: bits(1, 3),
  pc: bits(2, 7, 6),
  pageCode: bits(2, 5, 0),
  subpageCode: u8(3),
  allocationLength: u8(4),
});

export const ModeSense10Cdb = layout('MODE SENSE (10)', 10, {
  operationCode: u8(0),
  llbaa: bits(1, 4),
  dbd: bits(1, 3),
  pc: bits(2, 7, 6),
  pageCode: bits(2, 5, 0),
  subpageCode: u8(3),
  allocationLength: u16(7),
});

export const ModeSelect6Cdb = layout('MODE SELECT (6)', 6, {
  operationCode: u8(0),
  pf: bits(1, 4),
  sp: bits(1, 0),
  parameterListLength: u8(4),
});

export const ModeSelect10Cdb = layout('MODE SELECT (10)', 10, {
  operationCode: u8(0),
  pf: bits(1, 4),
  sp: bits(1, 0),
  parameterListLength: u16(7),
});

/** PC (page control). */
export const PageControl = {
  current: 0b00,
  changeable: 0b01,
  defaults: 0b10,
  saved: 0b11,
} as const;
export type PageControl = (typeof PageControl)[keyof typeof PageControl];

/** PAGE CODE: every page. */
export const ALL_PAGES = 0x3f;

/** SUBPAGE CODE: every subpage. */
export const ALL_SUBPAGES = 0xff;

export const ModeHeader6 = layout('mode parameter header (6)', 4, {
  modeDataLength: u8(0),
  mediumType: u8(1),
  // DEVICE-SPECIFIC PARAMETER of a direct access block device (SBC).
  wp: bits(2, 7),
  dpoFua: bits(2, 4),
  blockDescriptorLength: u8(3),
});

export const ModeHeader10 = layout('mode parameter header (10)', 8, {
  modeDataLength: u16(0),
  mediumType: u8(2),
  wp: bits(3, 7),
  dpoFua: bits(3, 4),
  longLba: bits(4, 0),
  blockDescriptorLength: u16(6),
});

export const ShortLbaBlockDescriptor = layout('short LBA mode parameter block descriptor', 8, {
  numberOfLogicalBlocks: u32(0),
  logicalBlockLength: u24(5),
});

/** NUMBER OF LOGICAL BLOCKS when the capacity needs more than its four bytes. */
export const NUMBER_OF_LOGICAL_BLOCKS_MAX = 0xffff_ffff;

export const LongLbaBlockDescriptor = layout('long LBA mode parameter block descriptor', 16, {
  numberOfLogicalBlocks: u64(0),
  logicalBlockLength: u32(12),
});

/** The first bytes of every mode page. */
export const ModePageHeader = layout('mode page header', 2, {
  ps: bits(0, 7),
  spf: bits(0, 6),
  pageCode: bits(0, 5, 0),
  pageLength: u8(1),
});

/** The first bytes of a mode page with SPF 1. */
export const ModeSubpageHeader = layout('mode subpage header', 4, {
  ps: bits(0, 7),
  spf: bits(0, 6),
  pageCode: bits(0, 5, 0),
  subpageCode: u8(1),
  pageLength: u16(2),
});

export const ReadWriteErrorRecoveryPage = layout('Read-Write Error Recovery mode page', 12, {
  awre: bits(2, 7),
  arre: bits(2, 6),
  tb: bits(2, 5),
  rc: bits(2, 4),
  eer: bits(2, 3),
  per: bits(2, 2),
  dte: bits(2, 1),
  dcr: bits(2, 0),
  readRetryCount: u8(3),
  writeRetryCount: u8(8),
  recoveryTimeLimit: u16(10),
});

export const CachingPage = layout('Caching mode page', 20, {
  ic: bits(2, 7),
  abpf: bits(2, 6),
  cap: bits(2, 5),
  disc: bits(2, 4),
  size: bits(2, 3),
  wce: bits(2, 2),
  mf: bits(2, 1),
  rcd: bits(2, 0),
  demandReadRetentionPriority: bits(3, 7, 4),
  writeRetentionPriority: bits(3, 3, 0),
  disablePrefetchTransferLength: u16(4),
  minimumPrefetch: u16(6),
  maximumPrefetch: u16(8),
  maximumPrefetchCeiling: u16(10),
  fsw: bits(12, 7),
  lbcss: bits(12, 6),
  dra: bits(12, 5),
  nvDis: bits(12, 0),
  numberOfCacheSegments: u8(13),
  cacheSegmentSize: u16(14),
});

export const ControlPage = layout('Control mode page', 12, {
  tst: bits(2, 7, 5),
  tmfOnly: bits(2, 4),
  dpicz: bits(2, 3),
  dSense: bits(2, 2),
  gltsd: bits(2, 1),
  rlec: bits(2, 0),
  queueAlgorithmModifier: bits(3, 7, 4),
  nuar: bits(3, 3),
  qerr: bits(3, 2, 1),
  rac: bits(4, 6),
  uaIntlckCtrl: bits(4, 5, 4),
  swp: bits(4, 3),
  ato: bits(5, 7),
  tas: bits(5, 6),
  atmpe: bits(5, 5),
  rwwp: bits(5, 4),
  autoloadMode: bits(5, 2, 0),
  busyTimeoutPeriod: u16(8),
  extendedSelfTestCompletionTime: u16(10),
});

/** TST: TASK SET TYPE (SPC-4). */
export const TaskSetType = { shared: 0b000, perNexus: 0b001 } as const;

/** QERR: QUEUE ERROR MANAGEMENT (SPC-4): the other commands after one with CHECK CONDITION. */
export const QueueErrorManagement = {
  continue: 0b00,
  /** Those of the task set. */
  abort: 0b01,
  /** Those of the I_T nexus. */
  abortOfNexus: 0b11,
} as const;

/** UA_INTLCK_CTRL: UNIT ATTENTION INTERLOCKS CONTROL (SPC-4). */
export const UnitAttentionInterlock = {
  /** A report with CHECK CONDITION clears the condition. */
  none: 0b00,
  /** Only REQUEST SENSE clears it. */
  kept: 0b10,
  /** The same, and BUSY, TASK SET FULL and RESERVATION CONFLICT establish one. */
  keptAndEstablished: 0b11,
} as const;

export const ControlExtensionPage = layout('Control Extension mode page', 32, {
  tcmos: bits(4, 2),
  scsip: bits(4, 1),
  ialuae: bits(4, 0),
  initialCommandPriority: bits(5, 3, 0),
  maximumSenseDataLength: u8(6),
});

export const InformationalExceptionsPage = layout(
  'Informational Exceptions Control mode page',
  12,
  {
    perf: bits(2, 7),
    ebf: bits(2, 5),
    ewasc: bits(2, 4),
    dexcpt: bits(2, 3),
    test: bits(2, 2),
    ebackerr: bits(2, 1),
    logerr: bits(2, 0),
    mrie: bits(3, 3, 0),
    intervalTimer: u32(4),
    reportCount: u32(8),
  },
);
