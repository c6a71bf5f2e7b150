import type { Clock } from '../base/clock.ts';
import type { Pending } from '../base/pending.ts';
import type { LogicalUnit } from './logical-unit.ts';
import type { LogicalUnitNexus } from './logical-unit-nexus.ts';
import type { TaskManagementRequest, TaskManagementResponse } from './nexus.ts';
import type { ScsiNexus } from './scsi-nexus.ts';
import { conditions } from './sense-table.ts';

/**
 * How long a function waits for the medium to be done with what it aborted (invariant I3). Past
 * it the function is rejected: the abort goes on, but nothing may be promised.
 */
export const ABORT_SETTLE_MAX_MS = 7000;

const COMPLETE: TaskManagementResponse = { response: 'functionComplete' };
const SUCCEEDED: TaskManagementResponse = { response: 'functionSucceeded' };
const REJECTED: TaskManagementResponse = { response: 'functionRejected' };
const NO_TASK: TaskManagementResponse = { response: 'taskDoesNotExist' };
const NO_LOGICAL_UNIT: TaskManagementResponse = { response: 'incorrectLogicalUnitNumber' };

/** Performs a task management function (SAM-5) for a nexus. */
export function manage(
  nexus: ScsiNexus,
  request: TaskManagementRequest,
): Pending<TaskManagementResponse> {
  switch (request.function) {
    case 'clearAca':
      return REJECTED;
    case 'targetWarmReset':
    case 'targetColdReset':
      return afterAborts(nexus.clock, resetTarget(nexus));
    case 'iTNexusReset':
      return afterAborts(nexus.clock, resetNexus(nexus));
    default: {
      const unit = nexus.unitAt(request.lun);
      return unit === undefined ? NO_LOGICAL_UNIT : manageUnit(nexus, unit, request);
    }
  }
}

function manageUnit(
  nexus: ScsiNexus,
  unit: LogicalUnitNexus,
  request: TaskManagementRequest,
): Pending<TaskManagementResponse> {
  switch (request.function) {
    case 'abortTask': {
      const execution = unit.tasks.find(request.referencedTag);
      if (execution === undefined) return NO_TASK;
      return afterAborts(nexus.clock, nexus.abort(execution, 'discard'));
    }
    // With a task set for each nexus (TST 001b) there is nothing of others to clear.
    case 'abortTaskSet':
    case 'clearTaskSet':
      return afterAborts(nexus.clock, nexus.abortAll(unit, 'discard'));
    case 'logicalUnitReset':
      return afterAborts(nexus.clock, resetUnit(nexus, unit));
    case 'queryTask':
      return unit.tasks.find(request.referencedTag) === undefined ? COMPLETE : SUCCEEDED;
    case 'queryTaskSet':
      return unit.tasks.length === 0 ? COMPLETE : SUCCEEDED;
    case 'queryAsynchronousEvent':
      return pendingEvent(unit);
    default:
      return REJECTED;
  }
}

/** Resolves when the aborts are over, or rejects the function when that takes too long. */
function afterAborts(clock: Clock, aborts: Promise<void>): Promise<TaskManagementResponse> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ABORT_SETTLE_MAX_MS, () => resolve(REJECTED));
    aborts.then(() => {
      timer.cancel();
      resolve(COMPLETE);
    }, reject);
  });
}

async function resetUnit(nexus: ScsiNexus, { logicalUnit }: LogicalUnitNexus): Promise<void> {
  if (logicalUnit !== undefined) await resetLogicalUnit(nexus, logicalUnit);
}

/** The logical unit reset condition (SAM): commands of all nexuses, mode parameters, attention. */
async function resetLogicalUnit(nexus: ScsiNexus, logicalUnit: LogicalUnit): Promise<void> {
  const aborts: Promise<void>[] = [];
  for (const other of logicalUnit.nexuses) {
    const cause = other === nexus ? 'ownNexus' : 'otherNexus';
    aborts.push(other.abortCommands(logicalUnit, cause));
  }
  logicalUnit.mode.reset();
  logicalUnit.stopped = false;
  logicalUnit.establish(conditions.busDeviceResetFunctionOccurred);
  await Promise.all(aborts);
}

async function resetTarget(nexus: ScsiNexus): Promise<void> {
  const logicalUnits = new Set<LogicalUnit>();
  for (const { logicalUnit } of nexus.units) {
    if (logicalUnit !== undefined) logicalUnits.add(logicalUnit);
  }
  await Promise.all([...logicalUnits].map((unit) => resetLogicalUnit(nexus, unit)));
}

async function resetNexus(nexus: ScsiNexus): Promise<void> {
  const units = [...nexus.units];
  const aborts = units.map((unit) => nexus.abortAll(unit, 'discard'));
  for (const { attentions } of units) attentions.establish(conditions.iTNexusLossOccurred);
  await Promise.all(aborts);
}

/** UADE DEPTH, in the response information of QUERY ASYNCHRONOUS EVENT. */
const UadeDepth = { one: 0b01, moreThanOne: 0b10 } as const;

function pendingEvent({ attentions }: LogicalUnitNexus): TaskManagementResponse {
  const sense = attentions.first?.sense;
  if (sense === undefined) return COMPLETE;
  const depth = attentions.length > 1 ? UadeDepth.moreThanOne : UadeDepth.one;
  const additional = Uint8Array.of((depth << 4) | sense.key, sense.code >> 8, sense.code & 0xff);
  return { response: 'functionSucceeded', additional };
}
