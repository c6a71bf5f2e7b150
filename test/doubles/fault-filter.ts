import type { Pending } from '../../src/base/pending.ts';
import type { Random } from '../../src/base/random.ts';
import type { VolumeOperation } from '../../src/volume/filters/stats.ts';
import type { Volume, VolumeFault, VolumeResult } from '../../src/volume/volume.ts';
import { VolumeFilter } from './volume-filter.ts';

/** Which operations fail, and how often. */
export interface FaultRule {
  readonly operations: readonly VolumeOperation[];
  readonly status: VolumeFault;
  /** One in this many fails; 1: all do. */
  readonly oneIn: number;
  /** True: the operation lands nevertheless, and only its result is bad. */
  readonly isApplied?: boolean;
}

/** Fails operations at random by rules, which may change while it is in use. */
export class Fault extends VolumeFilter {
  rules: readonly FaultRule[];
  readonly #random: Random;

  constructor(inner: Volume, random: Random, rules: readonly FaultRule[] = []) {
    super(inner);
    this.#random = random;
    this.rules = rules;
  }

  protected override around(
    operation: VolumeOperation,
    submit: () => Pending<VolumeResult>,
  ): Pending<VolumeResult> {
    for (const { operations, status, oneIn, isApplied } of this.rules) {
      if (!operations.includes(operation) || this.#random.below(oneIn) !== 0) continue;
      return isApplied === true ? replaced(submit(), status) : { status };
    }
    return submit();
  }
}

async function replaced(
  landing: Pending<VolumeResult>,
  status: VolumeFault,
): Promise<VolumeResult> {
  const result = await landing;
  return result.status === 'done' ? { status } : result;
}
