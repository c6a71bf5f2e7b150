import type { TaskManagementFunction } from '../../scsi/nexus.ts';

/** One task management function as iSCSI codes it. */
interface TaskManagementRow {
  /** The SAM-5 function; undefined for TASK REASSIGN, which is iSCSI's own. */
  readonly function: TaskManagementFunction | undefined;
  readonly name: string;
  /** Lowest iSCSIProtocolLevel that permits it: 2 for those that RFC 7144 added. */
  readonly protocolLevel: 1 | 2;
  /** Whether it acts on the logical unit of its LUN field. */
  readonly usesLun: boolean;
}

/** Function codes of RFC 7143 (1 to 8) and RFC 7144 (9 to 12). */
export const TASK_MANAGEMENT: ReadonlyMap<number, TaskManagementRow> = new Map([
  [1, row('abortTask', 'ABORT TASK', 1, true)],
  [2, row('abortTaskSet', 'ABORT TASK SET', 1, true)],
  [3, row('clearAca', 'CLEAR ACA', 1, true)],
  [4, row('clearTaskSet', 'CLEAR TASK SET', 1, true)],
  [5, row('logicalUnitReset', 'LOGICAL UNIT RESET', 1, true)],
  [6, row('targetWarmReset', 'TARGET WARM RESET', 1, false)],
  [7, row('targetColdReset', 'TARGET COLD RESET', 1, false)],
  [8, row(undefined, 'TASK REASSIGN', 1, true)],
  [9, row('queryTask', 'QUERY TASK', 2, true)],
  [10, row('queryTaskSet', 'QUERY TASK SET', 2, true)],
  [11, row('iTNexusReset', 'I_T NEXUS RESET', 2, false)],
  [12, row('queryAsynchronousEvent', 'QUERY ASYNCHRONOUS EVENT', 2, true)],
]);

/** Response of a Task Management Function Response (RFC 7143; 7 is of RFC 7144). */
export const TaskManagementResponseCode = {
  functionComplete: 0,
  taskDoesNotExist: 1,
  lunDoesNotExist: 2,
  taskStillAllegiant: 3,
  taskAllegianceReassignmentNotSupported: 4,
  functionNotSupported: 5,
  functionAuthorizationFailed: 6,
  functionSucceeded: 7,
  functionRejected: 255,
} as const;

function row(
  samFunction: TaskManagementFunction | undefined,
  name: string,
  protocolLevel: 1 | 2,
  usesLun: boolean,
): TaskManagementRow {
  return { function: samFunction, name, protocolLevel, usesLun };
}
