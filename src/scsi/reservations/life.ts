import { NO_RESERVATIONS, type Reservations } from './reservations.ts';

/**
 * The reservations as they read in a life of the cluster: after every gateway was down at once,
 * only registrations and a persistent reservation with APTPL are left, and PRGENERATION counts
 * from 0.
 */
export function reservationsInLife(state: Reservations, life: number): Reservations {
  if (state.life >= life) return state;
  if (!state.aptpl) return { ...NO_RESERVATIONS, life };
  return { ...state, life, generation: 0, reserve: undefined };
}

/** The reservations once an incarnation of a gateway is fenced, and its sessions are lost. */
export function reservationsAfterFence(state: Reservations, incarnation: string): Reservations {
  return state.reserve?.incarnation === incarnation ? { ...state, reserve: undefined } : state;
}
