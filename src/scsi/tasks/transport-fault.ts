import type { CommandResult } from '../command-result.ts';
import { conditions } from '../sense-table.ts';
import type { TransportFault } from '../task.ts';

/** The result of a command that its transport abandons. */
export const transportFaults: Readonly<Record<TransportFault, CommandResult>> = {
  dataPhaseError: conditions.dataPhaseError,
  protocolServiceCrcError: conditions.protocolServiceCrcError,
  unexpectedUnsolicitedData: conditions.unexpectedUnsolicitedData,
  notEnoughUnsolicitedData: conditions.notEnoughUnsolicitedData,
  initiatorDetectedErrorMessageReceived: conditions.initiatorDetectedErrorMessageReceived,
  nexusLoss: conditions.iTNexusLoss,
};
