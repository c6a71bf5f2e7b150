import { bits, layout, u8, u16, u24, u32 } from '../../base/bytes/layout.ts';

/**
 * SPC-4: CDBs and parameter data of the primary commands, and their code points. No logic. Fields
 * that SPC-4 calls reserved or obsolete are left out, and so is the CONTROL byte: NACA is the only
 * bit with a meaning there, and this device server has no ACA.
 */

/** PERIPHERAL QUALIFIER. */
export const PeripheralQualifier = {
  connected: 0b000,
  /** This LUN can have no logical unit. */
  notCapable: 0b011,
} as const;

/** PERIPHERAL DEVICE TYPE. */
export const PeripheralDeviceType = { directAccessBlock: 0x00, unknown: 0x1f } as const;

/** VERSION of the standard INQUIRY data. */
export const VERSION_SPC_4 = 0x06;

/** VERSION DESCRIPTOR values, each with no version claimed; a transport adds its own. */
export const VersionDescriptor = {
  sam5: 0x00a0,
  spc4: 0x0460,
  sbc3: 0x04c0,
} as const;

/** TPGS. */
export const TargetPortGroupSupport = { implicit: 0b01 } as const;

export const TestUnitReadyCdb = layout('TEST UNIT READY', 6, { operationCode: u8(0) });

export const SendDiagnosticCdb = layout('SEND DIAGNOSTIC', 6, {
  operationCode: u8(0),
  selfTestCode: bits(1, 7, 5),
  pf: bits(1, 4),
  selfTest: bits(1, 2),
  devOffL: bits(1, 1),
  unitOffL: bits(1, 0),
  parameterListLength: u16(3),
  control: u8(5),
});

export const WriteBufferCdb = layout('WRITE BUFFER', 10, {
  operationCode: u8(0),
  mode: bits(1, 4, 0),
  bufferId: u8(2),
  bufferOffset: u24(3),
  parameterListLength: u24(6),
});

export const ReadBuffer10Cdb = layout('READ BUFFER (10)', 10, {
  operationCode: u8(0),
  mode: bits(1, 4, 0),
  bufferId: u8(2),
  bufferOffset: u24(3),
  allocationLength: u24(6),
});

/** MODE of READ BUFFER and WRITE BUFFER. */
export const BufferMode = { echoBuffer: 0x0a, echoBufferDescriptor: 0x0b } as const;

export const EchoBufferDescriptor = layout('echo buffer descriptor', 4, {
  ebos: bits(0, 0),
  bufferCapacity: u16(2),
});

export const RequestSenseCdb = layout('REQUEST SENSE', 6, {
  operationCode: u8(0),
  desc: bits(1, 0),
  allocationLength: u8(4),
});

export const InquiryCdb = layout('INQUIRY', 6, {
  operationCode: u8(0),
  evpd: bits(1, 0),
  pageCode: u8(2),
  allocationLength: u16(3),
});

/** Standard INQUIRY data, up to its eight version descriptors. */
export const InquiryData = layout('standard INQUIRY data', 74, {
  peripheralQualifier: bits(0, 7, 5),
  peripheralDeviceType: bits(0, 4, 0),
  rmb: bits(1, 7),
  luCong: bits(1, 6),
  version: u8(2),
  normAca: bits(3, 5),
  hiSup: bits(3, 4),
  responseDataFormat: bits(3, 3, 0),
  additionalLength: u8(4),
  sccs: bits(5, 7),
  acc: bits(5, 6),
  tpgs: bits(5, 5, 4),
  threePc: bits(5, 3),
  protect: bits(5, 0),
  encServ: bits(6, 6),
  multiP: bits(6, 4),
  cmdQue: bits(7, 1),
  versionDescriptor1: u16(58),
  versionDescriptor2: u16(60),
  versionDescriptor3: u16(62),
  versionDescriptor4: u16(64),
});

/** Where the text fields of the standard INQUIRY data stand. */
export const InquiryText = {
  t10VendorIdentification: { byte: 8, length: 8 },
  productIdentification: { byte: 16, length: 16 },
  productRevisionLevel: { byte: 32, length: 4 },
} as const;

export const ReportLunsCdb = layout('REPORT LUNS', 12, {
  operationCode: u8(0),
  selectReport: u8(2),
  allocationLength: u32(6),
});

/** SELECT REPORT. */
export const SelectReport = {
  /** All logical units except well known ones. */
  logicalUnits: 0x00,
  wellKnownLogicalUnits: 0x01,
  all: 0x02,
} as const;

/** Service actions of MAINTENANCE IN (A3h). */
export const MaintenanceIn = {
  reportIdentifyingInformation: 0x05,
  reportTargetPortGroups: 0x0a,
  reportSupportedOperationCodes: 0x0c,
  reportSupportedTaskManagementFunctions: 0x0d,
} as const;

/** Service actions of MAINTENANCE OUT (A4h). */
export const MaintenanceOut = { setIdentifyingInformation: 0x06 } as const;

export const ReportIdentifyingInformationCdb = layout('REPORT IDENTIFYING INFORMATION', 12, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  allocationLength: u32(6),
  informationType: bits(10, 7, 1),
});

export const SetIdentifyingInformationCdb = layout('SET IDENTIFYING INFORMATION', 12, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  parameterListLength: u32(6),
  informationType: bits(10, 7, 1),
});

/** INFORMATION TYPE. */
export const InformationType = {
  peripheral: 0b000_0000,
  text: 0b000_0010,
  /** The types that there are; REPORT alone. */
  supported: 0b111_1111,
} as const;

export const ReportTargetPortGroupsCdb = layout('REPORT TARGET PORT GROUPS', 12, {
  operationCode: u8(0),
  parameterDataFormat: bits(1, 7, 5),
  serviceAction: bits(1, 4, 0),
  allocationLength: u32(6),
});

/** PARAMETER DATA FORMAT of REPORT TARGET PORT GROUPS. */
export const ParameterDataFormat = { lengthOnlyHeader: 0b000, extendedHeader: 0b001 } as const;

/** What follows RETURN DATA LENGTH in the extended header. */
export const ExtendedHeader = layout('RTPG extended header', 4, {
  formatType: bits(0, 6, 4),
  implicitTransitionTime: u8(1),
});

export const TargetPortGroupDescriptor = layout('target port group descriptor', 8, {
  pref: bits(0, 7),
  asymmetricAccessState: bits(0, 3, 0),
  transitioningSupported: bits(1, 7),
  offlineSupported: bits(1, 6),
  logicalBlockDependentSupported: bits(1, 4),
  unavailableSupported: bits(1, 3),
  standbySupported: bits(1, 2),
  activeNonOptimizedSupported: bits(1, 1),
  activeOptimizedSupported: bits(1, 0),
  targetPortGroup: u16(2),
  statusCode: u8(5),
  targetPortCount: u8(7),
});

/** ASYMMETRIC ACCESS STATE. */
export const AsymmetricAccessState = {
  activeOptimized: 0x0,
  unavailable: 0x3,
  transitioning: 0xf,
} as const;

/** STATUS CODE of a target port group descriptor. */
export const PortGroupStatus = { none: 0x00, alteredImplicitly: 0x02 } as const;

export const ReportSupportedOperationCodesCdb = layout('REPORT SUPPORTED OPERATION CODES', 12, {
  operationCode: u8(0),
  serviceAction: bits(1, 4, 0),
  rctd: bits(2, 7),
  reportingOptions: bits(2, 2, 0),
  requestedOperationCode: u8(3),
  requestedServiceAction: u16(4),
  allocationLength: u32(6),
});

/** REPORTING OPTIONS. */
export const ReportingOptions = {
  all: 0b000,
  operationCode: 0b001,
  serviceAction: 0b010,
  /** By operation code and service action, whether or not it has service actions. */
  either: 0b011,
} as const;

export const CommandDescriptor = layout('command descriptor', 8, {
  operationCode: u8(0),
  serviceAction: u16(2),
  ctdp: bits(5, 1),
  servActv: bits(5, 0),
  cdbLength: u16(6),
});

export const OneCommandHeader = layout('one_command parameter data header', 4, {
  ctdp: bits(1, 7),
  support: bits(1, 2, 0),
  cdbSize: u16(2),
});

/** SUPPORT. */
export const CommandSupport = { notSupported: 0b001, supported: 0b011 } as const;

/** Command timeouts descriptor; DESCRIPTOR LENGTH counts what follows it. */
export const CommandTimeouts = layout('command timeouts descriptor', 12, {
  descriptorLength: u16(0),
  commandSpecific: u8(3),
  nominalCommandProcessingTimeout: u32(4),
  recommendedCommandTimeout: u32(8),
});

export const ReportSupportedTaskManagementFunctionsCdb = layout(
  'REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS',
  12,
  {
    operationCode: u8(0),
    serviceAction: bits(1, 4, 0),
    repd: bits(2, 7),
    allocationLength: u32(6),
  },
);

/** Its parameter data: the first four bytes without REPD, all with it. */
export const SupportedTaskManagementFunctions = layout('supported task management functions', 16, {
  abortTask: bits(0, 7),
  abortTaskSet: bits(0, 6),
  clearAca: bits(0, 5),
  clearTaskSet: bits(0, 4),
  logicalUnitReset: bits(0, 3),
  queryTask: bits(0, 2),
  targetReset: bits(0, 1),
  wakeup: bits(0, 0),
  queryAsynchronousEvent: bits(1, 2),
  queryTaskSet: bits(1, 1),
  iTNexusReset: bits(1, 0),
  additionalDataLength: u8(3),
  timeoutsValid: bits(4, 0),
  longTimeout: u32(8),
  shortTimeout: u32(12),
});

/** The extra bytes that REPD asks for. */
export const REPD_ADDITIONAL_LENGTH = 0x0c;
