import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { MembershipAccess } from '../membership/membership-store.ts';
import type { Member, Records } from '../records/records.ts';
import type { VolumeStore } from '../volume/volume.ts';

/** An open store, and the clock and randomness that use cases work with. */
export interface ControlContext {
  readonly records: Records;
  readonly volumes: VolumeStore;
  readonly membership: MembershipAccess;
  /** The processes that have the store open now. */
  readonly living: () => Promise<readonly Member[]>;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears the progress of long work. */
  readonly onEvent?: (event: ControlEvent) => void;
}

export type ControlEvent =
  /** This version of the document is committed, and not every gateway serves it yet. */
  | { readonly kind: 'waitingForGateways'; readonly version: number }
  | { readonly kind: 'deletingData'; readonly name: string; readonly percent: number };
