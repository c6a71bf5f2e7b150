import type { CommandResult } from '../command-result.ts';
import { results } from '../sense-table.ts';
import { preempt } from './preempt.ts';
import { register } from './register.ts';
import { registerAndMove } from './register-and-move.ts';
import type { Reservations, ReservationTransition } from './reservations.ts';
import { clear, release, reserve } from './reserve.ts';
import type { ReserveOutRequest } from './reserve-out-request.ts';

/** What a PERSISTENT RESERVE OUT does to the reservations, or how it is refused. */
export function reserveOut(
  state: Reservations,
  request: ReserveOutRequest,
): ReservationTransition | CommandResult {
  // SPC-2: while somebody holds the unit by RESERVE, even the holder is refused.
  if (state.reserve !== undefined) return results.reservationConflict;
  if (request.action === 'register' || request.action === 'registerAndIgnoreExistingKey') {
    return register(state, request);
  }
  if (state.registrations.get(request.nexus) !== request.key) return results.reservationConflict;
  switch (request.action) {
    case 'reserve':
      return reserve(state, request);
    case 'release':
      return release(state, request);
    case 'clear':
      return clear(state, request);
    case 'preempt':
    case 'preemptAndAbort':
      return preempt(state, request);
    case 'registerAndMove':
      return registerAndMove(state, request);
  }
}
