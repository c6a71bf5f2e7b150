import { assert } from '../base/assert.ts';
import type { Command } from './command.ts';
import { CONFLICTS, type Restrictions } from './reservations/restrictions.ts';
import { CDB_LENGTH_MAX } from './task.ts';

/**
 * A command as the table keeps it. All rows have one shape, so that the engine reads their members
 * fast, and they hold precomputed what every arrival of the command needs.
 */
export interface CommandRow extends Command {
  readonly cdbLength: number;
  /** The CDB usage, inverted: a one for each bit that must be zero. */
  readonly reservedBits: Uint8Array;
  readonly usesMedium: boolean;
  readonly passesReservations: (cdb: Uint8Array) => boolean;
  /** The restrictions of a nexus that it conflicts with. */
  readonly conflicts: Restrictions;
}

export function toRow(command: Command): CommandRow {
  const { access, cdb } = command;
  checkRow(command);
  return {
    name: command.name,
    operationCode: command.operationCode,
    serviceAction: command.serviceAction,
    cdb,
    access,
    reservations: command.reservations,
    passesReservations: command.passesReservations ?? NEVER,
    addressing: command.addressing,
    unitAttention: command.unitAttention,
    obsoleteFields: command.obsoleteFields ?? [],
    expectedDataOut: command.expectedDataOut ?? 'whole',
    settlesWhenAborted: command.settlesWhenAborted ?? false,
    worksInSteps: command.worksInSteps ?? false,
    plan: command.plan,
    run: command.run,
    cdbLength: cdb.$.length,
    reservedBits: reservedBits(command),
    usesMedium: access === 'readMedium' || access === 'writeMedium',
    conflicts: CONFLICTS[command.reservations],
  };
}

const NEVER = (): boolean => false;

/** CDB lengths by GROUP CODE, the upper three bits of the operation code (SAM); 0: any. */
const LENGTHS_OF_GROUPS = [6, 10, 10, 0, 16, 12, 0, 0] as const;

function checkRow(command: Command): void {
  const { name, operationCode, serviceAction, cdb, access, obsoleteFields = [] } = command;
  const { length, usage } = cdb.$;
  const groupLength = LENGTHS_OF_GROUPS[operationCode >> 5];
  assert(operationCode >= 0 && operationCode <= 0xff, `the operation code of ${name} is one byte`);
  assert(groupLength === 0 || groupLength === length, `${name} has the CDB length of its group`);
  assert(length <= CDB_LENGTH_MAX, `a task has room for the CDB of ${name}`);
  assert(usage[0] === 0xff, `the CDB of ${name} begins with its operation code`);
  if (serviceAction !== undefined) {
    assert(serviceAction >= 0 && serviceAction < 32, `the service action of ${name} has five bits`);
    assert((usage[1]! & 0x1f) === 0x1f, `the CDB of ${name} has its service action`);
  }
  for (const { byte, mask, length: bytes } of obsoleteFields) {
    assert(byte + bytes <= length, `an obsolete field of ${name} lies in its CDB`);
    assert((usage[byte]! & mask) === 0, `an obsolete field of ${name} has no meaning`);
  }
  const { settlesWhenAborted, worksInSteps, expectedDataOut } = command;
  const isWrite = access === 'writeMedium';
  if (settlesWhenAborted === true) assert(isWrite, `${name} settles because it writes`);
  if (worksInSteps === true) assert(access !== 'changeState', `${name} changes its state at once`);
  if (expectedDataOut === 'less') assert(isWrite, `${name} does what its data allow by writing`);
  const isAsRead = command.reservations === 'write' || command.reservations === 'read';
  const usesMedium = isWrite || access === 'readMedium';
  if (isWrite) assert(command.reservations === 'write', `${name} writes, also to reservations`);
  if (usesMedium) assert(isAsRead, `${name} uses the medium, also to reservations`);
  const isEverywhere = command.addressing === 'anyLun';
  if (isEverywhere) assert(access === 'none', `${name} works without a medium`);
}

function reservedBits({ cdb, obsoleteFields = [] }: Command): Uint8Array {
  const inverted = cdb.$.usage.map((bits) => ~bits);
  for (const { byte, length, mask } of obsoleteFields) {
    for (let at = byte; at < byte + length; at++) inverted[at] = inverted[at]! & ~mask;
  }
  // Only NACA of the CONTROL byte is checked, by admission: the rest is vendor specific or
  // obsolete.
  inverted[inverted.length - 1] = 0;
  return inverted;
}
