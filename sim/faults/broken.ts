import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { SimProcess } from '../time/sim-process.ts';

export const LENGTH_MAX_MS = 12_000;
export const SLOW_SERVICE_MAX_MS = 2_500;

/** A fault that is active now. */
export interface Broken {
  readonly what: string;
  readonly lengthMs: number;
  readonly repair: () => void;
}

/** The functions that break something, by kind. */
export type FaultTable = Readonly<Record<string, () => readonly Broken[]>>;

/** A gateway, as the faults of its store need it. */
interface StrickenGateway {
  readonly name: string;
  readonly process: SimProcess | undefined;
}

export interface StoreFaultParts {
  readonly random: SeededRandom;
  readonly places: readonly StrickenGateway[];
}

export function broken(what: string, lengthMs: number, repair: () => void): readonly Broken[] {
  return [{ what, lengthMs, repair }];
}

/** A fault that ends as soon as it has started. */
export function done(what: string): readonly Broken[] {
  return broken(what, 0, () => {});
}
