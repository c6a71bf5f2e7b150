import { assert } from '../base/assert.ts';
import type { Command } from './command.ts';
import { type CommandRow, toRow } from './command-row.ts';
import { compareAndWriteCommand } from './commands/compare-and-write.ts';
import { bufferCommands } from './commands/echo-buffer.ts';
import { extendedCopyCommand } from './commands/extended-copy.ts';
import { getLbaStatusCommand } from './commands/get-lba-status.ts';
import { identifyingInformationCommands } from './commands/identifying-information.ts';
import { inquiryCommand } from './commands/inquiry.ts';
import { logSenseCommand } from './commands/log-sense.ts';
import { modeSelectCommands } from './commands/mode-select.ts';
import { modeSenseCommands } from './commands/mode-sense.ts';
import { orwriteCommand } from './commands/orwrite.ts';
import { persistentReserveInCommands } from './commands/persistent-reserve-in.ts';
import { persistentReserveOutCommands } from './commands/persistent-reserve-out.ts';
import { populateTokenCommand } from './commands/populate-token.ts';
import { preFetchCommands } from './commands/pre-fetch.ts';
import { preventAllowCommand } from './commands/prevent-allow.ts';
import { readCommands } from './commands/read.ts';
import { readCapacityCommands } from './commands/read-capacity.ts';
import { readDefectDataCommands } from './commands/read-defect-data.ts';
import { receiveCopyResultsCommands } from './commands/receive-copy-results.ts';
import { receiveRodTokenInformationCommand } from './commands/receive-rod-token-information.ts';
import { reportLunsCommand } from './commands/report-luns.ts';
import { reportOperationCodesCommand } from './commands/report-operation-codes.ts';
import { reportTargetPortGroupsCommand } from './commands/report-target-port-groups.ts';
import { reportTaskManagementCommand } from './commands/report-task-management.ts';
import { requestSenseCommand } from './commands/request-sense.ts';
import { reserveReleaseCommands } from './commands/reserve-release.ts';
import { sendDiagnosticCommand } from './commands/send-diagnostic.ts';
import { startStopUnitCommand } from './commands/start-stop-unit.ts';
import { synchronizeCacheCommands } from './commands/synchronize-cache.ts';
import { testUnitReadyCommand } from './commands/test-unit-ready.ts';
import { unmapCommand } from './commands/unmap.ts';
import { verifyCommands } from './commands/verify.ts';
import { writeCommands } from './commands/write.ts';
import { writeAndVerifyCommands } from './commands/write-and-verify.ts';
import { writeAtomicCommand } from './commands/write-atomic.ts';
import { writeSameCommands } from './commands/write-same.ts';
import { writeUsingTokenCommand } from './commands/write-using-token.ts';
import { CDB_LENGTH_MAX } from './task.ts';

/** Every command that a logical unit serves. */
export const commands: readonly Command[] = [
  testUnitReadyCommand,
  requestSenseCommand,
  inquiryCommand,
  ...modeSelectCommands,
  ...modeSenseCommands,
  logSenseCommand,
  startStopUnitCommand,
  sendDiagnosticCommand,
  preventAllowCommand,
  ...bufferCommands,
  ...readCapacityCommands,
  reportLunsCommand,
  reportTargetPortGroupsCommand,
  reportOperationCodesCommand,
  reportTaskManagementCommand,
  ...identifyingInformationCommands,
  ...persistentReserveInCommands,
  ...persistentReserveOutCommands,
  ...reserveReleaseCommands,
  ...readCommands,
  ...writeCommands,
  ...writeAndVerifyCommands,
  writeAtomicCommand,
  ...verifyCommands,
  ...synchronizeCacheCommands,
  ...preFetchCommands,
  ...writeSameCommands,
  unmapCommand,
  compareAndWriteCommand,
  orwriteCommand,
  getLbaStatusCommand,
  ...readDefectDataCommands,
  extendedCopyCommand,
  ...receiveCopyResultsCommands,
  populateTokenCommand,
  writeUsingTokenCommand,
  receiveRodTokenInformationCommand,
];

const SERVICE_ACTION_MASK = 0x1f;

type Place = CommandRow | readonly (CommandRow | undefined)[] | undefined;

/** Finds rows by operation code and, where rows share one, service action. */
export class CommandTable {
  readonly commands: readonly CommandRow[];
  readonly #rows: Place[] = new Array<Place>(256).fill(undefined);

  /** Throws when two rows answer to the same command. */
  constructor(commands: readonly Command[]) {
    this.commands = commands.map(toRow);
    for (const row of this.commands) this.#place(row);
  }

  /** The row of a CDB; undefined when there is none. */
  find(cdb: Uint8Array): CommandRow | undefined {
    const row = this.#rows[cdb[0] ?? 0];
    if (row === undefined || !Array.isArray(row)) return row as CommandRow | undefined;
    return row[(cdb[1] ?? 0) & SERVICE_ACTION_MASK] as CommandRow | undefined;
  }

  /** Whether the operation code is known, with some service action. */
  knows(operationCode: number): boolean {
    return this.#rows[operationCode] !== undefined;
  }

  #place(row: CommandRow): void {
    assert(row.operationCode >= 0 && row.operationCode <= 0xff, `${row.name} has a byte of code`);
    assert(row.cdbLength <= CDB_LENGTH_MAX, `a task has room for the CDB of ${row.name}`);
    assert(row.reservedBits.length === row.cdbLength, `${row.name} has reserved bits by byte`);
    const { operationCode, serviceAction } = row;
    const there = this.#rows[operationCode];
    if (serviceAction === undefined) {
      assert(there === undefined, `two commands have the operation code of ${row.name}`);
      this.#rows[operationCode] = row;
      return;
    }
    assert(serviceAction <= SERVICE_ACTION_MASK, `the service action of ${row.name} has 5 bits`);
    assert(there === undefined || Array.isArray(there), `${row.name} shares its operation code`);
    const actions =
      there === undefined ? new Array<CommandRow | undefined>(32).fill(undefined) : there;
    assert(actions[serviceAction] === undefined, `two commands have the action of ${row.name}`);
    this.#rows[operationCode] = actions.with(serviceAction, row);
  }
}
