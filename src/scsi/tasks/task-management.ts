import { assert } from '../../base/assert.ts';
import { type Clock, within } from '../../base/clock.ts';
import type { Pending } from '../../base/pending.ts';
import {
  ABORT_TASK_SETTLE_MAX_MS,
  DRAIN_MAX_MS,
  FENCED_REPORT_MAX_MS,
  UNITS_CHANGED_AT_ONCE,
} from '../limits.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { LogicalUnitNexus } from '../logical-unit-nexus.ts';
import {
  AGREEMENT_MAX_MS,
  type TaskManagementRequest,
  type TaskManagementResponse,
} from '../nexus.ts';
import type { NexusIdentity } from '../nexus-identity.ts';
import type { NexusSession } from '../reservations/reservations.ts';
import { conditions } from '../sense-table.ts';
import { TaskSetType } from '../standard/mode.ts';
import { coldReset, reset, taskSetCleared } from '../unit-changes.ts';
import { type ChangeOrigin, COMMITTED, type UnitChange } from '../unit-state.ts';
import { type Abort, changesOver, settleAborts } from './abort-settlement.ts';
import type { Execution } from './execution.ts';

assert(
  ABORT_TASK_SETTLE_MAX_MS + FENCED_REPORT_MAX_MS < AGREEMENT_MAX_MS,
  'an abort that is fenced soon is answered',
);

/** Later nothing is begun: the session ends after `AGREEMENT_MAX_MS`, and nothing may follow. */
const CHANGES_BEGIN_MAX_MS = 5_000;
assert(
  CHANGES_BEGIN_MAX_MS + DRAIN_MAX_MS < AGREEMENT_MAX_MS,
  'a change that is begun last may be in time',
);

const COMPLETE: TaskManagementResponse = { response: 'functionComplete' };
const SUCCEEDED: TaskManagementResponse = { response: 'functionSucceeded' };
const REJECTED: TaskManagementResponse = { response: 'functionRejected' };
const FAILED: TaskManagementResponse = { response: 'serviceDeliveryOrTargetFailure' };
const NO_TASK: TaskManagementResponse = { response: 'taskDoesNotExist' };
const NO_LOGICAL_UNIT: TaskManagementResponse = { response: 'incorrectLogicalUnitNumber' };

/** An I_T nexus as task management functions see it; its initiator asks for the aborts. */
export interface ManagedNexus {
  /** As reservations name it. */
  readonly session: NexusSession;
  readonly identity: NexusIdentity;
  /** Its session is over. */
  readonly isLost: boolean;
  readonly clock: Clock;
  /** One for each LUN in the map. */
  readonly units: Iterable<LogicalUnitNexus>;
  /** Those, and one for each LUN that left the map with commands in flight. */
  readonly unitsInUse: readonly LogicalUnitNexus[];
  /** The logical unit that a LUN field names, if there is one. */
  unitAt(lun: Uint8Array): LogicalUnitNexus | undefined;
  /** Returns the aborts of what had begun: of the command, and of what works for it. */
  abort(execution: Execution): Abort[];
  abortAll(unit: LogicalUnitNexus): Abort[];
}

/**
 * Performs a task management function (SAM-5) for a nexus. One that takes too long fails: what it
 * began goes on, but nothing may be promised.
 */
export function manage(
  nexus: ManagedNexus,
  request: TaskManagementRequest,
): Pending<TaskManagementResponse> {
  const response = perform(nexus, request);
  return response instanceof Promise ? inTime(nexus.clock, response) : response;
}

async function inTime(
  clock: Clock,
  response: Promise<TaskManagementResponse>,
): Promise<TaskManagementResponse> {
  return (await within(clock, AGREEMENT_MAX_MS, response)) ?? FAILED;
}

function perform(
  nexus: ManagedNexus,
  request: TaskManagementRequest,
): Pending<TaskManagementResponse> {
  switch (request.function) {
    case 'clearAca':
      return REJECTED;
    case 'targetWarmReset':
      return resetTarget(nexus, reset);
    case 'targetColdReset':
      return resetTarget(nexus, coldReset(nexus.identity.targetPort.deviceName));
    case 'iTNexusReset':
      return resetNexus(nexus);
    default: {
      const unit = nexus.unitAt(request.lun);
      return unit === undefined ? NO_LOGICAL_UNIT : manageUnit(nexus, unit, request);
    }
  }
}

function manageUnit(
  nexus: ManagedNexus,
  unit: LogicalUnitNexus,
  request: TaskManagementRequest,
): Pending<TaskManagementResponse> {
  switch (request.function) {
    case 'abortTask': {
      const execution = unit.tasks.find(request.referencedTag);
      if (execution === undefined) return NO_TASK;
      return afterAborts(nexus, nexus.abort(execution), ABORT_TASK_SETTLE_MAX_MS);
    }
    case 'clearTaskSet':
      return clearTaskSet(nexus, unit);
    case 'abortTaskSet':
      return afterAborts(nexus, nexus.abortAll(unit));
    case 'logicalUnitReset':
      if (unit.logicalUnit === undefined) return COMPLETE;
      return changeUnits(nexus, [unit.logicalUnit], reset);
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

/** Answers when the aborted commands can no longer change anything (invariant I3). */
async function afterAborts(
  { clock }: ManagedNexus,
  aborts: readonly Abort[],
  waitMs = DRAIN_MAX_MS,
): Promise<TaskManagementResponse> {
  if (!(await settleAborts(clock, aborts, waitMs))) return FAILED;
  await changesOver(aborts);
  return COMPLETE;
}

/** Others have commands to clear only in a task set that all nexuses share. */
function clearTaskSet(
  nexus: ManagedNexus,
  unit: LogicalUnitNexus,
): Pending<TaskManagementResponse> {
  const { logicalUnit } = unit;
  const isShared = logicalUnit?.modes.tst === TaskSetType.shared;
  if (!isShared) return afterAborts(nexus, nexus.abortAll(unit));
  return changeUnits(nexus, [logicalUnit], taskSetCleared);
}

/** A change of logical units: answered when it takes effect at every one, everywhere. */
async function changeUnits(
  nexus: ManagedNexus,
  logicalUnits: readonly LogicalUnit[],
  change: UnitChange,
): Promise<TaskManagementResponse> {
  const { clock } = nexus;
  const origin: ChangeOrigin = {
    nexus,
    get isAborted() {
      return nexus.isLost;
    },
  };
  const deadlineMs = clock.now() + CHANGES_BEGIN_MAX_MS;
  const left = [...logicalUnits];
  const changeInTurn = async (): Promise<boolean> => {
    let isChanged = true;
    for (let unit = left.shift(); unit !== undefined; unit = left.shift()) {
      if (clock.now() > deadlineMs) return false;
      const result = await unit.commit(change, origin);
      isChanged &&= result === COMMITTED;
    }
    return isChanged;
  };
  const turns = Math.min(UNITS_CHANGED_AT_ONCE, logicalUnits.length);
  const results = await Promise.all(Array.from({ length: turns }, changeInTurn));
  return results.includes(false) ? FAILED : COMPLETE;
}

/** At LUNs that left the map nothing is reset for others, but this nexus's commands end. */
async function resetTarget(
  nexus: ManagedNexus,
  change: UnitChange,
): Promise<TaskManagementResponse> {
  const reached = new Set([...nexus.units].flatMap(({ logicalUnit }) => logicalUnit ?? []));
  const left = nexus.unitsInUse.filter(
    ({ logicalUnit }) => logicalUnit !== undefined && !reached.has(logicalUnit),
  );
  const aborts = left.flatMap((unit) => nexus.abortAll(unit));
  const answers = await Promise.all([
    changeUnits(nexus, [...reached], change),
    afterAborts(nexus, aborts),
  ]);
  return answers.every((answer) => answer === COMPLETE) ? COMPLETE : FAILED;
}

/** As a nexus loss is: what the session holds by RESERVE is released. */
async function resetNexus(nexus: ManagedNexus): Promise<TaskManagementResponse> {
  const { unitsInUse, session } = nexus;
  const aborts = unitsInUse.flatMap((unit) => nexus.abortAll(unit));
  for (const { attentions } of nexus.units) attentions.establish(conditions.iTNexusLossOccurred);
  const answer = await afterAborts(nexus, aborts);
  await Promise.all(unitsInUse.map(({ logicalUnit }) => logicalUnit?.releaseReserve(session)));
  return answer;
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
