import { ByteWriter } from '../../../src/base/bytes/byte-writer.ts';
import type { TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import type { TaskAttribute } from '../../../src/scsi/task.ts';

/**
 * A random program: what hosts do to the logical units of a target, one step after the other. Plain
 * data, so that a program that finds something can be made shorter and printed.
 */
export interface Program {
  readonly seed: number;
  readonly nexuses: readonly NexusEnds[];
  readonly steps: readonly Step[];
}

/** What the place where a program runs can do. */
export interface ProgramForms {
  /**
   * The test has the medium and time in its hands, and sees what each command waits for. Else the
   * steps are those that initiators can make, and no command waits for another one.
   */
  readonly inMemory: boolean;
}

/** The target ports of the device. A gateway serves all of them, or each of four serves one. */
export const TARGET_PORTS = [1, 2, 3, 4] as const;
export const TARGET_NAME = 'iqn.2026-11.com.example:programs';
/** LUNs with a logical unit. */
export const LUNS = [0, 1] as const;
export const BLOCK_LENGTH_BYTES = 512;
export const BLOCKS = 2048;

/** The NAA identifier of the logical unit at a LUN; each program has logical units of its own. */
export function naaOf(seed: number, lun: number): Uint8Array {
  return new ByteWriter().u8(0x60).zeros(10).u32(seed).u8(lun).finish();
}

/** The two ends of an I_T nexus. */
export interface NexusEnds {
  readonly host: string;
  /** 12 hex digits. */
  readonly isid: string;
  readonly targetPort: number;
}

/** Names a command of a program, as its tag and in what is printed. */
export type CommandNumber = number;

export interface Request {
  /** Of its row in the command table. */
  readonly name: string;
  readonly lun: number;
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array;
  readonly dataInExpected: number;
  readonly attribute: Exclude<TaskAttribute, 'participant'>;
}

export interface CommandStep {
  readonly kind: 'command';
  readonly number: CommandNumber;
  /** An index into `Program.nexuses`, as in every step. */
  readonly nexus: number;
  readonly request: Request;
}

export interface ManageStep {
  readonly kind: 'manage';
  readonly nexus: number;
  readonly function: TaskManagementFunction;
  readonly lun: number;
  /** The command in question; one that was never sent is none. */
  readonly of: CommandNumber;
}

export type Step =
  | CommandStep
  | ManageStep
  /** The command is sent, and not its data. */
  | (Omit<CommandStep, 'kind'> & { readonly kind: 'start' })
  /** The data of a command that waits for them arrive. */
  | { readonly kind: 'data'; readonly of: CommandNumber }
  /** The medium does not answer the command until the next one had time to end. */
  | (Omit<CommandStep, 'kind'> & {
      readonly kind: 'held';
      readonly then: CommandStep | ManageStep;
    })
  /** The session ends, by a logout or not, and its initiator logs in again. */
  | { readonly kind: 'login'; readonly nexus: number; readonly isLogout: boolean }
  /** The medium gets another size. */
  | { readonly kind: 'resize'; readonly lun: number; readonly blocks: number }
  | { readonly kind: 'wait'; readonly ms: number };

/** Host, the end of its ISID, and target port. */
export function nexusNameOf({ nexuses }: Program, nexus: number): string {
  const { host, isid, targetPort } = nexuses[nexus]!;
  return `${host}.${isid.slice(-2)}p${targetPort}`;
}
