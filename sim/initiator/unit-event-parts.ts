import type { Clock } from '../../src/base/clock.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { UnitHistory } from '../checkers/unit-history.ts';
import type { PortNames } from './port-names.ts';
import type { SimPath } from './sim-path.ts';

/** The events that an initiator causes at a logical unit, besides reading and writing. */
export interface UnitEventParts {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly history: UnitHistory;
  readonly host: string;
  readonly ports: PortNames;
  /** The reservation keys of all hosts, by name. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Causes it once, through a path that takes commands now. */
export type UnitEvent = (parts: UnitEventParts, path: SimPath) => Promise<void>;
