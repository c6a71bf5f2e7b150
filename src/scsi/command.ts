import type { Field, Layout } from '../base/bytes/layout.ts';
import type { Pending } from '../base/pending.ts';
import type { VolumeResult } from '../volume/volume.ts';
import type { CommandResult } from './command-result.ts';
import type { CopyManager } from './copy/copy-manager.ts';
import type { CopyResults } from './copy/copy-results.ts';
import type { EchoBuffer } from './echo-buffer.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { PortGroup } from './nexus.ts';
import type { NexusIdentity } from './nexus-identity.ts';
import type { NexusSession } from './reservations/reservations.ts';
import type { ReservationClass, Restrictions } from './reservations/restrictions.ts';
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
  /** Present where rows share an operation code. */
  readonly serviceAction?: number | undefined;
  /** The CDB; its usage map is the CDB USAGE DATA, and bits outside it must be zero. */
  readonly cdb: Layout;
  /** What the command does to the medium or to the state that initiators share. */
  readonly access: Access;
  /** What a reservation of others does to it. */
  readonly reservations: ReservationClass;
  /** No reservation keeps a nexus from it with this CDB, whatever its class says. */
  readonly passesReservations?: (cdb: Uint8Array) => boolean;
  /** Where it works: only on a logical unit, or also on a LUN without one (INQUIRY, ...). */
  readonly addressing: 'logicalUnit' | 'anyLun';
  /** What a pending unit attention does to it (SPC-4, SAM-5). */
  readonly unitAttention: 'report' | 'ignore';
  /** Fields of older standards that initiators still set, and that change nothing: not checked. */
  readonly obsoleteFields?: readonly Field[];
  /**
   * How much data-out an initiator may offer: `whole`, at least what the CDB asks for; `less`, also
   * less, and the command does what that allows; `exact`, neither more nor less.
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
  /**
   * Performs the command; all data-out has arrived (`task.dataOut`). May run in a later turn than
   * plan.
   */
  run(call: CommandCall): Pending<CommandResult | VolumeResult>;
}

/** Aborts wait for running commands that write the medium; the reference page prints all values. */
type Access = 'none' | 'readMedium' | 'writeMedium' | 'changeState';

/** How many bytes the CDB asks to transfer; both zero for most. */
export interface Plan {
  readonly dataOut: number;
  readonly dataIn: number;
}

/**
 * What a handler works with. One for each command in progress, reused afterwards: it must not be
 * used after the result of `run` has settled.
 */
export interface CommandCall extends SteppedCommand {
  readonly task: Task;
  /** Undefined only for commands whose addressing is `anyLun`. */
  readonly logicalUnit: LogicalUnit | undefined;
  readonly nexus: CommandNexus;
  /** What reservations keep its nexus from at that unit. */
  readonly restrictions: Restrictions;
}

/** The nexus as a command handler sees it. */
export interface CommandNexus {
  readonly identity: NexusIdentity;
  /** As reservations name it. */
  readonly session: NexusSession;
  /** LUNs in the map, ascending. */
  readonly luns: readonly number[];
  /** The logical units in the map. */
  readonly logicalUnits: readonly LogicalUnit[];
  readonly portGroups: readonly PortGroup[];
  readonly commands: readonly Command[];
  readonly echoBuffer: EchoBuffer;
  /** For work without data from the initiator; all nexuses of the gateway share the queue. */
  readonly steps: StepQueue;
  /** Removes and returns the pending unit attention, for REQUEST SENSE. */
  takeUnitAttention(logicalUnit: LogicalUnit): CommandResult | undefined;
  /**
   * Starts a command of the device server's own at a logical unit of the map, which lasts no longer
   * than `call`: what aborts that aborts this.
   */
  accompany(call: CommandCall, logicalUnit: LogicalUnit, task: Task, command: Command): void;
  /** Tokens, and copies that are known at every gateway. */
  readonly copyManager: CopyManager;
  /** The copies with identifiers of 8 bits that it sent to a logical unit. */
  copiesAt(logicalUnit: LogicalUnit): CopyResults;
  /** Clears a condition at every logical unit of the nexus: a command has reported its subject. */
  clearUnitAttentions(condition: CommandResult): void;
}
