import type { Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { CommandRow } from '../command-row.ts';
import type { CommandTable } from '../command-table.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { LogicalUnitNexus } from '../logical-unit-nexus.ts';
import type { Restrictions } from '../reservations/restrictions.ts';
import { atCdb, conditions, results } from '../sense-table.ts';
import type { Task } from '../task.ts';
import type { Execution } from './execution.ts';

/** NACA in the CONTROL byte (SAM-5): auto contingent allegiance, which is not supported. */
const NACA_BIT = 2;

/** Results by which shared state refuses a command, as this gateway remembers that state. */
export const refusalsFromMemory: ReadonlySet<CommandResult> = new Set([
  results.reservationConflict,
  conditions.writeProtected,
  conditions.lbaOutOfRange,
]);

/**
 * The result of a CDB without a row: its operation code, or only its service action, is unknown.
 */
function refuseUnknown(table: CommandTable, cdb: Uint8Array): CommandResult {
  if (!table.knows(cdb[0] ?? 0)) return atCdb(conditions.invalidOperationCode, 0);
  return atCdb(conditions.invalidFieldInCdb, 1, 4);
}

/** The result of a command that is refused before its own checks; undefined: it may proceed. */
export function refusalOf(
  table: CommandTable,
  command: CommandRow | undefined,
  task: Task,
  unit: LogicalUnitNexus,
): CommandResult | undefined {
  if (task.attribute === 'aca') return conditions.invalidMessageError;
  if (command !== undefined) return admit(command, task, unit);
  // SPC puts LOGICAL UNIT NOT SUPPORTED before INVALID OPERATION CODE.
  if (unit.logicalUnit === undefined) return conditions.logicalUnitNotSupported;
  return unit.reportAttention() ?? refuseUnknown(table, task.cdb);
}

/**
 * The checks before a command's own: logical unit, unit attention, reservations, CDB form, state of
 * the medium, write protection; in the order of precedence of SAM and SPC. Undefined: the command
 * may proceed.
 */
function admit(command: CommandRow, task: Task, unit: LogicalUnitNexus): CommandResult | undefined {
  const { logicalUnit, attentions, restrictions } = unit;
  if (logicalUnit === undefined && command.addressing === 'logicalUnit') {
    return conditions.logicalUnitNotSupported;
  }
  if (attentions.length > 0 && command.unitAttention === 'report') {
    return unit.reportAttention();
  }
  if (isForbidden(command, restrictions, task)) return results.reservationConflict;
  return checkCdb(command, task) ?? checkState(command, logicalUnit);
}

/**
 * Whether the initiator offers and takes data as the plan of its command needs them. Data of the
 * wrong direction never do. Too little room for data-in is not an error; the residual count reports
 * it.
 */
export function fitsExpected({ expectedDataOut }: CommandRow, plan: Plan, task: Task): boolean {
  const { dataOutExpected, dataInExpected } = task;
  if (dataOutExpected === plan.dataOut) return true;
  if (plan.dataIn > 0) return dataInExpected > 0;
  if (dataOutExpected > plan.dataOut) return plan.dataOut === 0 || expectedDataOut !== 'exact';
  return expectedDataOut === 'less' && (dataOutExpected > 0 || dataInExpected === 0);
}

/** The checks of what may have changed between a command's arrival and its start. */
export function checkStart(
  command: CommandRow,
  execution: Execution,
  logicalUnit: LogicalUnit | undefined,
): CommandResult | undefined {
  const { restrictions, task } = execution;
  if (isForbidden(command, restrictions, task)) return results.reservationConflict;
  return checkState(command, logicalUnit);
}

/** A reservation of others keeps the nexus of the command from it. */
export function isForbidden(
  command: CommandRow,
  restrictions: Restrictions,
  { cdb }: Task,
): boolean {
  return (command.conflicts & restrictions) !== 0 && !command.passesReservations(cdb);
}

function checkState(
  command: CommandRow,
  logicalUnit: LogicalUnit | undefined,
): CommandResult | undefined {
  if (logicalUnit === undefined) return undefined;
  if (logicalUnit.fencing && command.usesMedium) return results.busy;
  if (command.access !== 'writeMedium') return undefined;
  return logicalUnit.isWriteProtected ? conditions.writeProtected : undefined;
}

/** Length, NACA and reserved bits of the CDB; a field pointer says where it is wrong. */
function checkCdb(command: CommandRow, task: Task): CommandResult | undefined {
  const { cdb } = task;
  const { cdbLength: length, reservedBits } = command;
  if (task.cdbLength < length) return atCdb(conditions.invalidFieldInCdb, task.cdbLength);
  if (((cdb[length - 1] ?? 0) & (1 << NACA_BIT)) !== 0) {
    return atCdb(conditions.invalidFieldInCdb, length - 1, NACA_BIT);
  }
  for (let byte = 0; byte < length; byte++) {
    const wrong = (cdb[byte] ?? 0) & (reservedBits[byte] ?? 0);
    if (wrong !== 0) return atCdb(conditions.invalidFieldInCdb, byte, 31 - Math.clz32(wrong));
  }
  return undefined;
}
