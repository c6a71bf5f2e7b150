import { Failure } from '../base/failure.ts';
import { isOpen, type MembershipView } from '../membership/membership.ts';
import type { SharedState } from '../scsi/unit-state.ts';

/**
 * Rejects a change that makes a reservation, or gives it to another holder or another type, while a
 * gateway runs that does not enforce it: such a reservation would be worse than none.
 */
export function requireReservations(
  { members }: MembershipView,
  { reservations: before }: SharedState,
  { reservations: { persistent, reserve } }: SharedState,
): void {
  const isPersistent = persistent !== undefined && persistent !== before.persistent;
  const isReserve = reserve !== undefined && reserve !== before.reserve;
  if (!isPersistent && !isReserve) return;
  const older = members.find((member) => isOpen(member) && !member.enforcesEvents);
  if (older === undefined) return;
  const { name } = older;
  const message = `gateway ${name} runs a release that does not enforce reservations: upgrade it`;
  throw new Failure('gatewayTooOld', message, { name });
}
