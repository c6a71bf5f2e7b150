import type { Command } from './command.ts';
import type { CommandTable } from './command-table.ts';
import type { Ending } from './ending.ts';
import type { LogicalUnit } from './logical-unit.ts';
import { atCdb, conditions, endings } from './sense-table.ts';
import type { Task } from './task.ts';
import type { UnitAttentions } from './unit-attention.ts';

/** NACA in the CONTROL byte (SAM-5): auto contingent allegiance, which is not supported. */
const NACA_BIT = 2;

/** CDB usage, inverted: a one for each bit that must be zero. By row, made at first use. */
const reservedBits = new Map<Command, Uint8Array>();

/** Why there is no row for a CDB: the operation code, or only its service action, is unknown. */
export function refuseUnknown(table: CommandTable, cdb: Uint8Array): Ending {
  if (!table.knows(cdb[0] ?? 0)) return atCdb(conditions.invalidOperationCode, 0);
  return atCdb(conditions.invalidFieldInCdb, 1, 4);
}

/**
 * The checks before a command's own: CDB form, logical unit, unit attention, state of the medium,
 * write protection; in the order of precedence of SAM and SPC. Undefined: it may go on.
 */
export function admit(
  command: Command,
  task: Task,
  logicalUnit: LogicalUnit | undefined,
  attentions: UnitAttentions | undefined,
): Ending | undefined {
  if (logicalUnit === undefined && command.addressing === 'logicalUnit') {
    return conditions.logicalUnitNotSupported;
  }
  if (attentions !== undefined && attentions.length > 0 && command.unitAttention === 'report') {
    return attentions.take();
  }
  return checkCdb(command, task) ?? checkState(command, logicalUnit);
}

/** What may have changed between a command's arrival and its start. */
export function checkState(
  command: Command,
  logicalUnit: LogicalUnit | undefined,
): Ending | undefined {
  if (logicalUnit === undefined) return undefined;
  if (logicalUnit.fencing && usesMedium(command)) return endings.busy;
  if (command.access !== 'writeMedium') return undefined;
  const isProtected = logicalUnit.readOnly || logicalUnit.mode.current.swp;
  return isProtected ? conditions.writeProtected : undefined;
}

export function usesMedium(command: Command): boolean {
  return command.access === 'readMedium' || command.access === 'writeMedium';
}

/** Length, NACA and reserved bits of the CDB; a field pointer says where it is wrong. */
function checkCdb(command: Command, task: Task): Ending | undefined {
  const { cdb } = task;
  const { length } = command.cdb.$;
  if (task.cdbLength < length) return atCdb(conditions.invalidFieldInCdb, task.cdbLength);
  if (((cdb[length - 1] ?? 0) & (1 << NACA_BIT)) !== 0) {
    return atCdb(conditions.invalidFieldInCdb, length - 1, NACA_BIT);
  }
  const reserved = reservedBits.get(command) ?? invertUsage(command);
  for (let byte = 0; byte < length; byte++) {
    const wrong = (cdb[byte] ?? 0) & (reserved[byte] ?? 0);
    if (wrong !== 0) return atCdb(conditions.invalidFieldInCdb, byte, 31 - Math.clz32(wrong));
  }
  return undefined;
}

function invertUsage(command: Command): Uint8Array {
  const inverted = command.cdb.$.usage.map((bits) => ~bits);
  for (const { byte, length, mask } of command.obsoleteFields ?? []) {
    for (let at = byte; at < byte + length; at++) inverted[at] = inverted[at]! & ~mask;
  }
  // Of the CONTROL byte only NACA is judged, above: the rest is vendor specific or obsolete.
  inverted[inverted.length - 1] = 0;
  reservedBits.set(command, inverted);
  return inverted;
}
