import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { SimProcess } from '../time/sim-process.ts';

export const LENGTH_MAX_MS = 12_000;
export const SLOW_SERVICE_MAX_MS = 2_500;

/** Something that is broken now. */
export interface Broken {
  readonly what: string;
  readonly lengthMs: number;
  readonly repair: () => void;
}

/** By kind, what breaks something. */
export type FaultTable = Readonly<Record<string, () => readonly Broken[]>>;

/** A gateway, as what goes wrong with its store sees it. */
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

/** It is over as soon as it has begun. */
export function done(what: string): readonly Broken[] {
  return broken(what, 0, () => {});
}
