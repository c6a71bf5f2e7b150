import type { Field, Layout } from '../base/bytes/layout.ts';
import type { Pending } from '../base/pending.ts';
import type { VolumeResult } from '../volume/volume.ts';
import type { CommandResult } from './command-result.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { PortGroup } from './nexus.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import type { Task } from './task.ts';
import type { SteppedCommand } from './tasks/queued-steps.ts';
import type { StepQueue } from './tasks/step-queue.ts';

/**
 * One row of the command table. Dispatch, the CDB checks with their field pointers, REPORT
 * SUPPORTED OPERATION CODES and the reference page are all derived from it.
 */
export interface Command {
  /** The standard's name: `READ (16)`. */
  readonly name: string;
  readonly operationCode: number;
  /** Where rows share an operation code. */
  readonly serviceAction?: number | undefined;
  /** The CDB; its usage map is the CDB USAGE DATA, and bits outside it must be zero. */
  readonly cdb: Layout;
  /** What the command does to the medium or to the state that initiators share. */
  readonly access: Access;
  /** Where it works: only on a logical unit, or also on a LUN without one (INQUIRY, ...). */
  readonly addressing: 'logicalUnit' | 'anyLun';
  /** What a pending unit attention does to it (SPC-4, SAM-5). */
  readonly unitAttention: 'report' | 'ignore';
  /** Fields of older standards that initiators still set, and that change nothing: not judged. */
  readonly obsoleteFields?: readonly Field[];
  /**
   * The data-out that an initiator may offer: `less` than the CDB asks for too, where the command
   * does what that allows, or `exact`ly as much; else as much or more.
   */
  readonly expectedDataOut?: 'whole' | 'less' | 'exact';
  /** True: an abort waits for its end, and its true status goes out (COMPARE AND WRITE). */
  readonly settlesWhenAborted?: boolean;
  /** True: it works in steps, which have bounds of their own (`StepQueue`). */
  readonly worksInSteps?: boolean;
  /**
   * Checks the CDB's values and says how many bytes go which way. Runs at admission; a returned
   * result (not a plan) ends the command before any data moves.
   */
  plan(call: CommandCall): Plan | CommandResult;
  /** Performs it; data-out is there whole (`task.dataOut`). May run in a later turn than plan. */
  run(call: CommandCall): Pending<CommandResult | VolumeResult>;
}

/** A nexus watches running commands that write the medium; the reference page prints all. */
type Access = 'none' | 'readMedium' | 'writeMedium' | 'changeState';

/** How many bytes the CDB asks to transfer; both zero for most. */
export interface Plan {
  readonly dataOut: number;
  readonly dataIn: number;
}

/**
 * What a handler works with. One for each command in progress, reused afterwards: it may be used
 * until the result of `run` settles, and not kept longer.
 */
export interface CommandCall extends SteppedCommand {
  readonly task: Task;
  /** Undefined only for commands whose addressing is `anyLun`. */
  readonly logicalUnit: LogicalUnit | undefined;
  readonly nexus: CommandNexus;
}

/** The nexus as a command handler sees it. */
export interface CommandNexus {
  readonly identity: NexusIdentity;
  /** LUNs in the map, ascending. */
  readonly luns: readonly number[];
  readonly portGroups: readonly PortGroup[];
  readonly commands: readonly Command[];
  /** For work that the initiator brings no data for: all nexuses of the gateway share it. */
  readonly steps: StepQueue;
  /** Takes the pending unit attention off, for REQUEST SENSE. */
  takeUnitAttention(logicalUnit: LogicalUnit): CommandResult | undefined;
  /** Takes a condition off at every logical unit of the nexus: a command told what it is about. */
  clearUnitAttentions(condition: CommandResult): void;
}
