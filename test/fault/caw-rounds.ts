import { type Demo, demoTargetName } from '../support/demo.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { CawCounter, type CawSummary } from './caw-counter.ts';

export interface CawRoundsOptions {
  readonly demo: Demo;
  readonly rounds: number;
  readonly random: SeededRandom;
  readonly initiators?: number;
  readonly blockLength?: number;
  /** Increments of each round. */
  readonly increments?: number;
  /** Kill one gateway in each round. */
  readonly kills: boolean;
  readonly onRound?: (round: number, summary: CawSummary) => void;
}

/** Counts one block up with COMPARE AND WRITE, round by round, and checks it after each. */
export async function cawRounds(options: CawRoundsOptions): Promise<CawSummary> {
  const { demo, rounds, random, initiators = 8, increments = 300, kills } = options;
  const paths = demo.addresses();
  const counter = await CawCounter.connect({
    paths,
    targetName: demoTargetName,
    initiators,
    lba: 7,
    ...(options.blockLength === undefined ? {} : { blockLength: options.blockLength }),
  });
  let summary: CawSummary | undefined;
  try {
    for (let round = 0; round < rounds; round++) {
      const goal = counter.increments + increments;
      counter.rebalance();
      counter.start();
      const more = async (count: number): Promise<void> => {
        while (counter.increments < count) {
          const before = counter.increments;
          await waitFor('the counter grows', () => counter.increments > before);
        }
      };
      if (kills) {
        await more(goal - random.below(increments));
        demo.signal(demo.processOf(random.below(demo.gateways)), 'SIGKILL');
      }
      await more(goal);
      await counter.pause();
      await waitFor('all paths are back', () => counter.isConnected);
      for (let path = 0; path < paths.length; path++) {
        summary = await counter.summary(path);
        checkRound(summary, path);
      }
      options.onRound?.(round, summary!);
    }
  } finally {
    await counter.close();
  }
  if (summary === undefined) throw new Error('no round was asked for');
  return summary;
}

function checkRound({ done, shares, total }: CawSummary, path: number): void {
  const sum = done.reduce((left, right) => left + right, 0);
  const same = shares.every((share, index) => share === done[index]);
  if (same && total === sum) return;
  const read = `total ${total}, shares ${shares.join(' ')}, read through gateway ${path}`;
  throw new Error(`updates lost or doubled: done ${done.join(' ')} (${sum}); ${read}`);
}
