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
  /** An invariant is broken. */
  readonly fail: (error: unknown) => void;
  /** A gateway has come, goes or has gone. */
  readonly onMembers: (isNewLife: boolean) => void;
}

/** The store that the gateways of a world have in common, and what it promises to fences. */
export interface WorldStore {
  /** Opens it as that process; what the process gets of it passes its gate. */
  open(process: SimProcess, options: OpenSimStoreOptions): Promise<Store>;

  /** What goes wrong with it, beside what goes wrong with gateways and their network. */
  faults(parts: StoreFaultParts): FaultTable;

  readonly fences: FenceCounts;

  /** Whether a fence that is begun now comes to its end as usual. */
  readonly canFence: boolean;

  /** It may do much later what a gateway has submitted, while that gateway runs. */
  readonly mayDelay: boolean;

  isReached(process: SimProcess): boolean;
}

export interface FenceCounts {
  readonly fences: number;
  /** Of client instances whose gateway went on. */
  readonly selfFences: number;
  /** Operations of the fenced that were done all the same, on what nobody had touched. */
  readonly lateLandings: number;
}
