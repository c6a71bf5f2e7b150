import type { OpenStoreOptions, Store } from '../src/gateway/store.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import type { FaultTable, StoreFaultParts } from './faults/broken.ts';
import type { SimProcess } from './time/sim-process.ts';
import type { Timeline } from './time/timeline.ts';
import type { Trace } from './trace.ts';

export type OpenSimStoreOptions = Omit<OpenStoreOptions, 'location' | 'isReader'>;

export interface WorldStoreParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly trace: Trace;
  /** Called when an invariant is broken. */
  readonly fail: (error: unknown) => void;
  /** Called when a gateway starts, drains or is gone. */
  readonly onMembers: (isNewLife: boolean) => void;
}

/** The store that the gateways of a world share, and its promises about fences. */
export interface WorldStore {
  /** Opens it for that process; its answers go through the gate of the process. */
  open(process: SimProcess, options: OpenSimStoreOptions): Promise<Store>;

  /** Its faults, in addition to those of gateways and their network. */
  faults(parts: StoreFaultParts): FaultTable;

  readonly fences: FenceCounts;

  /** Whether a fence that starts now ends as usual. */
  readonly canFence: boolean;

  /** It may execute operations much later than a running gateway has submitted them. */
  readonly mayDelay: boolean;

  isReached(process: SimProcess): boolean;
}

export interface FenceCounts {
  readonly fences: number;
  /** Fences of client instances whose gateway continued. */
  readonly selfFences: number;
  /** Operations of fenced clients that were executed on objects not touched since the fence. */
  readonly lateLandings: number;
}
