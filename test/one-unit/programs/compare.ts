import { type PlantedError, plant } from '../../../sim/planted-errors.ts';
import { MemoryGateways } from './memory-gateways.ts';
import { runInMemory } from './memory-run.ts';
import type { Program } from './program.ts';
import { firstDifference, type Transcript } from './transcript.ts';

export interface Comparison {
  readonly one: Transcript;
  readonly four: Transcript;
  /** The step at which they differ. */
  readonly differsAt: number | undefined;
}

/** Runs a program with all its nexuses at one gateway, and again spread over four. */
export async function compareInMemory(
  program: Program,
  planted?: PlantedError,
): Promise<Comparison> {
  const one = await runInMemory(program, await MemoryGateways.one(program.seed));
  const takeOut = plant(planted);
  try {
    const four = await runInMemory(program, await MemoryGateways.four(program.seed, planted));
    return { one, four, differsAt: firstDifference(one, four) };
  } finally {
    takeOut();
  }
}
