import { type Clock, within } from '../base/clock.ts';
import type { ResetAnswer, ResetRequest, ResetSubject } from '../control/gateway-requests.ts';
import { RESET_WAIT_MAX_MS } from '../control/units/reset-units.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import { reset } from '../scsi/unit-changes.ts';
import { COMMITTED } from '../scsi/unit-state.ts';
import type { ServedDocument } from './served-document.ts';

interface ResettingGateway {
  readonly name: string;
  /** Undefined: it serves nothing yet. */
  readonly served: ServedDocument | undefined;
  readonly clock: Clock;
}

/** Resets the logical units of a request: each is a logical unit reset (SAM) of its own. */
export async function resetAsked(
  { name, served, clock }: ResettingGateway,
  { gateway, what }: Pick<ResetRequest, 'gateway' | 'what'>,
): Promise<ResetAnswer> {
  if (gateway !== name) return { outcome: 'other' };
  const units = unitsOf(served, what);
  if (units.length === 0) return { outcome: 'notServed' };
  const commits = Promise.all(units.map((unit) => unit.commit(reset)));
  const results = await within(clock, RESET_WAIT_MAX_MS, commits);
  if (results === undefined) {
    return { outcome: 'failed', reason: `not every gateway enforces it within ${LIMIT_S} s` };
  }
  if (results.every((result) => result === COMMITTED)) {
    return { outcome: 'reset', units: units.length };
  }
  return { outcome: 'failed', reason: `gateway ${name} could not enforce it` };
}

const LIMIT_S = RESET_WAIT_MAX_MS / 1000;

/** Of any initiator's LUN map. */
function unitsOf(served: ServedDocument | undefined, what: ResetSubject): readonly LogicalUnit[] {
  const targets = [...(served?.targets.values() ?? [])].filter((target) => {
    return 'uuid' in what || target.name === what.target;
  });
  const accesses = targets.flatMap(({ anyone, initiators }) => [
    ...(anyone === undefined ? [] : [anyone]),
    ...initiators.values(),
  ]);
  const units = new Set(accesses.flatMap(({ luns }) => [...luns.values()]));
  return [...units].filter(({ identity }) => !('uuid' in what) || identity.uuid === what.uuid);
}
