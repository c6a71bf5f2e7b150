// Kills gateways with SIGKILL under write load, round after round.

import { failoverRounds } from '../../test/fault/failover-rounds.ts';
import { distribution } from './distribution.ts';
import { runSoak } from './soak-command.ts';
import { placeNumbers, soakPlace } from './soak-place.ts';

await runSoak({
  name: 'failover',
  proves: [
    'What was acknowledged is there after kill -9 of a gateway under write load, read through the',
    'other and through the killed one, which its supervisor starts again.',
  ],
  numbers: {
    ...placeNumbers,
    rounds: [50, 'kills'],
    writers: [4, 'initiators that fail over'],
    'restart-max-ms': [2000, 'a killed gateway is started again within this time'],
  },
  async run({ numbers, random, progress }) {
    await using place = await soakPlace(numbers);
    const { demo } = place;
    const rounds = await failoverRounds({
      demo,
      random,
      rounds: numbers['rounds']!,
      writers: numbers['writers']!,
      onRound: (round) => progress({ ...round }),
    });
    const restartedMs = distribution(rounds.map((round) => round.restartedMs));
    if (restartedMs.max > numbers['restart-max-ms']!) {
      throw new Error(`a gateway was started again only after ${restartedMs.max} ms`);
    }
    const { acknowledged, retried } = rounds.at(-1)!;
    const failoverMs = distribution(rounds.map((round) => round.failoverWorstMs));
    return { rounds: rounds.length, acknowledged, retried, lost: 0, failoverMs, restartedMs };
  },
});
