import type { Command } from './command.ts';

/**
 * A command as the table keeps it. Rows are all of one shape, whatever a command leaves out, and
 * have worked out what every arrival of the command asks: the engine reads their members fast.
 */
export interface CommandRow extends Command {
  readonly cdbLength: number;
  /** The CDB usage, inverted: a one for each bit that must be zero. */
  readonly reservedBits: Uint8Array;
  readonly usesMedium: boolean;
}

export function toRow(command: Command): CommandRow {
  const { access, cdb } = command;
  return {
    name: command.name,
    operationCode: command.operationCode,
    serviceAction: command.serviceAction,
    cdb,
    access,
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
  };
}

function reservedBits({ cdb, obsoleteFields = [] }: Command): Uint8Array {
  const inverted = cdb.$.usage.map((bits) => ~bits);
  for (const { byte, length, mask } of obsoleteFields) {
    for (let at = byte; at < byte + length; at++) inverted[at] = inverted[at]! & ~mask;
  }
  // Of the CONTROL byte only NACA is judged, by admission: the rest is vendor specific or obsolete.
  inverted[inverted.length - 1] = 0;
  return inverted;
}
