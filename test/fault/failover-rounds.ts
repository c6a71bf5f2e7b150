import { type Demo, demoTargetName } from '../support/demo.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { StampedLoad } from '../support/stamped-load.ts';
import { waitFor } from '../support/wait-for.ts';

export interface FailoverRoundsOptions {
  readonly demo: Demo;
  readonly rounds: number;
  readonly random: SeededRandom;
  readonly writers?: number;
  readonly blockLength?: number;
  readonly onRound?: (round: FailoverRound) => void;
}

export interface FailoverRound {
  readonly round: number;
  readonly victim: number;
  /** All that was acknowledged so far, over all rounds. */
  readonly acknowledged: number;
  readonly retried: number;
  /** From the kill to the longest-waiting write's status. */
  readonly failoverWorstMs: number;
  /** From the kill to the line that names the new process. */
  readonly restartedMs: number;
}

const RESTART_LIMIT_MS = 60_000;

/**
 * Kills one gateway with SIGKILL under write load, round by round: what was acknowledged is read
 * through the other, and through the killed one when it is back. Rejects on the first loss.
 */
export async function failoverRounds(options: FailoverRoundsOptions): Promise<FailoverRound[]> {
  const { demo, rounds, random, writers = 4 } = options;
  const load = await StampedLoad.connect({
    paths: demo.addresses(),
    targetName: demoTargetName,
    writers,
    ...(options.blockLength === undefined ? {} : { blockLength: options.blockLength }),
  });
  const done: FailoverRound[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const result = await killOnce(demo, load, random, round);
      done.push(result);
      options.onRound?.(result);
    }
  } finally {
    await load.close();
  }
  return done;
}

async function killOnce(
  demo: Demo,
  load: StampedLoad,
  random: SeededRandom,
  round: number,
): Promise<FailoverRound> {
  load.start();
  await load.progress(1 + random.below(100));
  const victim = random.below(demo.gateways);
  const process = demo.processOf(victim);
  const killedAt = performance.now();
  if (!demo.signal(process, 'SIGKILL')) throw new Error(`gateway ${victim} had ended before`);
  const restarted = waitFor(
    `gateway ${victim} is started again`,
    () => demo.processOf(victim).pid !== process.pid,
    RESTART_LIMIT_MS,
  ).then(() => performance.now() - killedAt);
  restarted.catch(() => {});
  await load.progress(20);
  await load.pause();
  await expectNoLoss(load, (victim + 1) % demo.gateways);
  const restartedMs = await restarted;
  const failoverWorstMs = Math.max(...load.writers.map((writer) => writer.failoverWorstMs));
  await load.rebalance();
  await expectNoLoss(load, victim);
  const { acknowledged, retried } = load;
  return { round, victim, acknowledged, retried, failoverWorstMs, restartedMs };
}

async function expectNoLoss(load: StampedLoad, path: number): Promise<void> {
  const faults = await load.faults(path);
  if (faults.length === 0) return;
  const some = faults.slice(0, 10).join('\n');
  throw new Error(`${faults.length} units differ, read through gateway ${path}:\n${some}`);
}
