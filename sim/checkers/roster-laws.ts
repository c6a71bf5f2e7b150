import { isOpen, isSame, type MemberState } from '../../src/membership/membership.ts';
import type { Roster } from '../../src/membership/roster-fields.ts';
import { check } from '../violation.ts';

/** The laws of each change of the members object, whichever member makes it. */
export function checkRosterChange(before: Roster, after: Roster): void {
  const names = after.members.filter(isOpen).map(({ name }) => name);
  check(new Set(names).size === names.length, () => `two of one name are open: ${names.join()}`);
  check(after.epoch >= before.epoch && after.life >= before.life, () => 'a number went down');
  const wereServing = before.members.some(({ state }) => state === 'serving');
  check(after.life === before.life || !wereServing, () => 'a life began while a gateway served');
  for (const was of before.members) {
    checkMemberChange(
      was,
      after.members.find((member) => isSame(member, was)),
    );
  }
}

/** Whether gateways started, drain or are gone, which decides the states of port groups. */
export function isServiceChanged(before: Roster, after: Roster): boolean {
  return serviceOf(before) !== serviceOf(after);
}

function serviceOf({ members }: Roster): string {
  return members
    .filter(({ state }) => state === 'serving')
    .map(({ incarnation, isDraining }) => `${incarnation} ${isDraining}`)
    .sort()
    .join();
}

function checkMemberChange(was: MemberState, is: MemberState | undefined): void {
  const who = `${was.name}/${was.incarnation}`;
  const isClosed = is !== undefined && !isOpen(is);
  check(was.state !== 'closed' || isClosed, () => `${who} was closed, and is open or forgotten`);
  const isFinished = is === undefined || is.state === 'finished';
  check(was.state !== 'finished' || isFinished, () => `${who} was finished, and is not`);
  check(!isOpen(was) || is !== undefined, () => `${who} was open, and is forgotten`);
  const grows = is === undefined || is.heartbeat.epoch >= was.heartbeat.epoch;
  check(grows, () => `${who} has passed fewer epochs than before`);
}
