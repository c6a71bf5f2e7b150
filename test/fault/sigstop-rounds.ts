import { type Demo, demoTargetName } from '../support/demo.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { StampedLoad } from '../support/stamped-load.ts';

export interface SigstopRoundsOptions {
  readonly demo: Demo;
  readonly rounds: number;
  readonly random: SeededRandom;
  readonly writers?: number;
  readonly pauseMinMs?: number;
  readonly pauseMaxMs?: number;
  readonly onRound?: (round: SigstopRound) => void;
}

export interface SigstopRound {
  readonly round: number;
  readonly victim: number;
  readonly pauseMs: number;
  /** The stopped process had been ended before it could be continued. */
  readonly ended: boolean;
  /** Every writer of the other gateway had an answer while the process was stopped. */
  readonly otherWentOn: boolean;
  /** Longest wait for a status through the gateway that was not stopped. */
  readonly otherWorstMs: number;
  /** Longest wait of writes that had to take the other path. */
  readonly failoverWorstMs: number;
  readonly acknowledged: number;
  readonly retried: number;
}

const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 12_000;
/** Writes of one writer: more than it may have had in flight when the process was stopped. */
const WENT_ON = 8;
const ROUNDS_MAX = 20;

/**
 * Stops one gateway with SIGSTOP under write load for a random time, round by round: the other
 * serves on (the caller checks the time), and nothing acknowledged is lost.
 */
export async function sigstopRounds(options: SigstopRoundsOptions): Promise<SigstopRound[]> {
  const { demo, rounds, writers = 4 } = options;
  const load = await StampedLoad.connect({
    paths: demo.addresses(),
    targetName: demoTargetName,
    writers,
  });
  const done: SigstopRound[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const result = await stopOnce(options, load, round);
      done.push(result);
      options.onRound?.(result);
    }
  } finally {
    await load.close();
  }
  return done;
}

/**
 * Rounds of stops that end before the stopped gateway is given up, until the other has gone on in
 * half of them; fails after 20. A machine that is so slow that a stop is over before an answer says
 * nothing in that round.
 */
export async function sigstopRoundsGoneOn(
  options: Omit<SigstopRoundsOptions, 'pauseMinMs' | 'pauseMaxMs'>,
): Promise<readonly SigstopRound[]> {
  const stops = { ...options, pauseMinMs: 1000, pauseMaxMs: 3000 };
  const rounds = await sigstopRounds(stops);
  const haveGoneOn = () => 2 * rounds.filter(({ otherWentOn }) => otherWentOn).length;
  while (haveGoneOn() < options.rounds && rounds.length < ROUNDS_MAX) {
    rounds.push(...(await sigstopRounds({ ...stops, rounds: 1 })));
  }
  if (haveGoneOn() < options.rounds) throw new Error('the other gateway waits for the stopped one');
  return rounds;
}

async function stopOnce(
  { demo, random, pauseMinMs = PAUSE_MIN_MS, pauseMaxMs = PAUSE_MAX_MS }: SigstopRoundsOptions,
  load: StampedLoad,
  round: number,
): Promise<SigstopRound> {
  const victim = random.below(demo.gateways);
  const pauseMs = pauseMinMs + random.below(pauseMaxMs - pauseMinMs + 1);
  load.start();
  await load.progress(1 + random.below(50));
  const others = load.writers.filter(({ initiator }) => initiator.activePath !== victim);
  for (const writer of load.writers) writer.resetWorst();
  const process = demo.processOf(victim);
  if (!demo.signal(process, 'SIGSTOP')) throw new Error(`gateway ${victim} had ended before`);
  const goals = others.map(({ acknowledged }) => acknowledged + WENT_ON);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  const otherAnswered = others.every(({ acknowledged }, at) => acknowledged >= goals[at]!);
  const ended = !demo.signal(process, 'SIGCONT');
  await load.progress(5);
  await load.pause();
  const otherWorstMs = Math.max(0, ...others.map((writer) => writer.steadyWorstMs));
  const failoverWorstMs = Math.max(...load.writers.map((writer) => writer.failoverWorstMs));
  await load.rebalance();
  for (let path = 0; path < demo.gateways; path++) {
    const faults = await load.faults(path);
    if (faults.length > 0) {
      const some = faults.slice(0, 10).join('\n');
      throw new Error(`${faults.length} units differ, read through gateway ${path}:\n${some}`);
    }
  }
  const { acknowledged, retried } = load;
  return {
    round,
    victim,
    pauseMs,
    ended,
    otherWentOn: otherAnswered && !ended,
    otherWorstMs,
    failoverWorstMs,
    acknowledged,
    retried,
  };
}
