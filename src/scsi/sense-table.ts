import { assert } from '../base/assert.ts';
import type { Field } from '../base/bytes/layout.ts';
import type { CommandResult } from './command-result.ts';
import { Status } from './status.ts';

/** SENSE KEY (SPC). */
export const SenseKey = {
  noSense: 0x0,
  recoveredError: 0x1,
  notReady: 0x2,
  mediumError: 0x3,
  hardwareError: 0x4,
  illegalRequest: 0x5,
  unitAttention: 0x6,
  dataProtect: 0x7,
  copyAborted: 0xa,
  abortedCommand: 0xb,
  miscompare: 0xe,
} as const;
export type SenseKey = (typeof SenseKey)[keyof typeof SenseKey];

/**
 * Every sense condition that this device server gives: sense key, ADDITIONAL SENSE CODE << 8 |
 * QUALIFIER. The only place with these numbers; the names are those of SPC, annex of ASC codes.
 */
export const conditions = Object.freeze({
  logicalUnitNotReadyManualInterventionRequired: check(SenseKey.notReady, 0x0403),

  writeError: check(SenseKey.mediumError, 0x0c00),
  unrecoveredReadError: check(SenseKey.mediumError, 0x1100),

  internalTargetFailure: check(SenseKey.hardwareError, 0x4400),

  parameterListLengthError: check(SenseKey.illegalRequest, 0x1a00),
  invalidOperationCode: check(SenseKey.illegalRequest, 0x2000),
  invalidFieldInCommandInformationUnit: check(SenseKey.illegalRequest, 0x0e03),
  lbaOutOfRange: check(SenseKey.illegalRequest, 0x2100),
  unsupportedTokenType: check(SenseKey.illegalRequest, 0x2301),
  tokenUnknown: check(SenseKey.illegalRequest, 0x2304),
  tokenCorrupt: check(SenseKey.illegalRequest, 0x2305),
  tokenRevoked: check(SenseKey.illegalRequest, 0x2306),
  tokenExpired: check(SenseKey.illegalRequest, 0x2307),
  invalidTokenLength: check(SenseKey.illegalRequest, 0x230a),
  invalidFieldInCdb: check(SenseKey.illegalRequest, 0x2400),
  logicalUnitNotSupported: check(SenseKey.illegalRequest, 0x2500),
  invalidFieldInParameterList: check(SenseKey.illegalRequest, 0x2600),
  parameterNotSupported: check(SenseKey.illegalRequest, 0x2601),
  parameterValueInvalid: check(SenseKey.illegalRequest, 0x2602),
  tooManyTargetDescriptors: check(SenseKey.illegalRequest, 0x2606),
  unsupportedTargetDescriptorTypeCode: check(SenseKey.illegalRequest, 0x2607),
  tooManySegmentDescriptors: check(SenseKey.illegalRequest, 0x2608),
  unsupportedSegmentDescriptorTypeCode: check(SenseKey.illegalRequest, 0x2609),
  inlineDataLengthExceeded: check(SenseKey.illegalRequest, 0x260b),
  commandSequenceError: check(SenseKey.illegalRequest, 0x2c00),
  invalidMessageError: check(SenseKey.illegalRequest, 0x4900),
  invalidReleaseOfPersistentReservation: check(SenseKey.illegalRequest, 0x2604),
  insufficientRegistrationResources: check(SenseKey.illegalRequest, 0x5504),

  powerOnResetOrBusDeviceResetOccurred: check(SenseKey.unitAttention, 0x2900),
  busDeviceResetFunctionOccurred: check(SenseKey.unitAttention, 0x2903),
  iTNexusLossOccurred: check(SenseKey.unitAttention, 0x2907),
  modeParametersChanged: check(SenseKey.unitAttention, 0x2a01),
  reservationsPreempted: check(SenseKey.unitAttention, 0x2a03),
  reservationsReleased: check(SenseKey.unitAttention, 0x2a04),
  registrationsPreempted: check(SenseKey.unitAttention, 0x2a05),
  asymmetricAccessStateChanged: check(SenseKey.unitAttention, 0x2a06),
  capacityDataHasChanged: check(SenseKey.unitAttention, 0x2a09),
  previousBusyStatus: check(SenseKey.unitAttention, 0x2c07),
  previousTaskSetFullStatus: check(SenseKey.unitAttention, 0x2c08),
  previousReservationConflictStatus: check(SenseKey.unitAttention, 0x2c09),
  commandsClearedByAnotherInitiator: check(SenseKey.unitAttention, 0x2f00),
  thinProvisioningSoftThresholdReached: check(SenseKey.unitAttention, 0x3807),
  inquiryDataHasChanged: check(SenseKey.unitAttention, 0x3f03),
  deviceIdentifierChanged: check(SenseKey.unitAttention, 0x3f05),
  reportedLunsDataHasChanged: check(SenseKey.unitAttention, 0x3f0e),

  writeProtected: check(SenseKey.dataProtect, 0x2700),
  spaceAllocationFailedWriteProtect: check(SenseKey.dataProtect, 0x2707),

  copyAborted: check(SenseKey.copyAborted, 0x0000),
  unreachableCopyTarget: check(SenseKey.copyAborted, 0x0804),
  thirdPartyDeviceFailure: check(SenseKey.copyAborted, 0x0d01),
  unexpectedInexactSegment: check(SenseKey.copyAborted, 0x260a),

  noAdditionalSenseInformation: check(SenseKey.abortedCommand, 0x0000),
  operationInProgress: check(SenseKey.abortedCommand, 0x0016),
  commandsClearedByDeviceServer: check(SenseKey.abortedCommand, 0x2f02),
  iTNexusLoss: check(SenseKey.abortedCommand, 0x2907),
  unexpectedUnsolicitedData: check(SenseKey.abortedCommand, 0x0c0c),
  notEnoughUnsolicitedData: check(SenseKey.abortedCommand, 0x0c0d),
  initiatorDetectedErrorMessageReceived: check(SenseKey.abortedCommand, 0x4800),
  protocolServiceCrcError: check(SenseKey.abortedCommand, 0x4705),
  dataPhaseError: check(SenseKey.abortedCommand, 0x4b00),
  overlappedCommandsAttempted: check(SenseKey.abortedCommand, 0x4e00),

  miscompareDuringVerifyOperation: check(SenseKey.miscompare, 0x1d00),
});

export type ConditionName = keyof typeof conditions;

/** GOOD, BUSY and the other results that carry no sense data. */
export const results = Object.freeze({
  good: bare(Status.good),
  conditionMet: bare(Status.conditionMet),
  busy: bare(Status.busy),
  reservationConflict: bare(Status.reservationConflict),
  taskSetFull: bare(Status.taskSetFull),
  taskAborted: bare(Status.taskAborted),
});

/** GOOD with the first `length` of the allocated data-in bytes. */
export function goodWith(length: number): CommandResult {
  return { status: Status.good, dataInLength: length };
}

/** INVALID FIELD IN CDB that points at the field. */
export function invalidInCdb(field: Field): CommandResult {
  return atCdb(conditions.invalidFieldInCdb, field.byte, field.highBit);
}

/** INVALID FIELD IN PARAMETER LIST that points at the field; `base`: where its structure begins. */
export function invalidInParameterList(field: Field, base = 0): CommandResult {
  return atParameter(conditions.invalidFieldInParameterList, base + field.byte, field.highBit);
}

/** The condition, with a field pointer into the CDB. */
export function atCdb(condition: CommandResult, byte: number, bit?: number): CommandResult {
  return pointing(condition, true, byte, bit);
}

/** The condition, with a field pointer into the parameter list. */
export function atParameter(condition: CommandResult, byte: number, bit?: number): CommandResult {
  return pointing(condition, false, byte, bit);
}

/** The condition, with an INFORMATION field: an LBA, or the offset of a miscompare. */
export function withInformation(condition: CommandResult, information: number): CommandResult {
  if (condition.sense === undefined) return condition;
  return { ...condition, sense: { ...condition.sense, information } };
}

/** The condition, with the number of the segment that a copy was at. */
export function atSegment(condition: CommandResult, segment: number): CommandResult {
  if (condition.sense === undefined) return condition;
  return { ...condition, sense: { ...condition.sense, commandSpecific: segment } };
}

function pointing(
  condition: CommandResult,
  inCdb: boolean,
  byte: number,
  bit?: number,
): CommandResult {
  if (condition.sense === undefined) return condition;
  const fieldPointer = bit === undefined ? { inCdb, byte } : { inCdb, byte, bit };
  return { ...condition, sense: { ...condition.sense, fieldPointer } };
}

function check(key: SenseKey, code: number): CommandResult {
  assert(code >= 0 && code <= 0xffff, 'an additional sense code and its qualifier are two bytes');
  return Object.freeze({
    status: Status.checkCondition,
    sense: Object.freeze({ key, code }),
  });
}

function bare(status: Status): CommandResult {
  return Object.freeze({ status });
}
