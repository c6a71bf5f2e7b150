import type { NexusName } from './nexus-name.ts';
import type { ReservationKey } from './reservations.ts';

/** A PERSISTENT RESERVE OUT whose CDB and parameter list are in order, by its service action. */
export type ReserveOutRequest =
  | RegisterRequest
  | ReserveRequest
  | ClearRequest
  | PreemptRequest
  | RegisterAndMoveRequest;

interface Asking {
  /** The nexus that asks. */
  readonly nexus: NexusName;
  /** RESERVATION KEY. */
  readonly key: ReservationKey;
}

/** REGISTER, and REGISTER AND IGNORE EXISTING KEY. */
export interface RegisterRequest extends Asking {
  readonly action: 'register' | 'registerAndIgnoreExistingKey';
  /** SERVICE ACTION RESERVATION KEY. */
  readonly newKey: ReservationKey;
  readonly aptpl: boolean;
  /** The other nexuses of SPEC_I_PT and ALL_TG_PT. */
  readonly others: readonly NexusName[];
  /** SPEC_I_PT. */
  readonly namesInitiatorPorts: boolean;
  /** They are more than may be registered: `others` is empty. */
  readonly namesTooMany: boolean;
}

export interface ReserveRequest extends Asking {
  readonly action: 'reserve' | 'release';
  /** As in the CDB. */
  readonly scope: number;
  readonly type: number;
}

export interface ClearRequest extends Asking {
  readonly action: 'clear';
}

export interface PreemptRequest extends Asking {
  readonly action: 'preempt' | 'preemptAndAbort';
  /** SERVICE ACTION RESERVATION KEY. */
  readonly victimKey: ReservationKey;
  /** As in the CDB. */
  readonly scope: number;
  readonly type: number;
}

export interface RegisterAndMoveRequest extends Asking {
  readonly action: 'registerAndMove';
  /** SERVICE ACTION RESERVATION KEY. */
  readonly newKey: ReservationKey;
  readonly destination: NexusName;
  readonly unregisters: boolean;
  readonly aptpl: boolean;
}
