// Stops gateways with SIGSTOP under write load, round after round.

import { sigstopRounds } from '../../test/fault/sigstop-rounds.ts';
import { distribution } from './distribution.ts';
import { runSoak } from './soak-command.ts';
import { placeNumbers, soakPlace } from './soak-place.ts';

await runSoak({
  name: 'sigstop',
  proves: [
    'While one gateway is stopped with SIGSTOP at a random moment under write load, the other',
    'serves on within the bound, and nothing acknowledged is lost.',
  ],
  numbers: {
    ...placeNumbers,
    rounds: [200, 'stops'],
    writers: [4, 'initiators that fail over'],
    'pause-min-ms': [100, 'shortest stop'],
    'pause-max-ms': [12_000, 'longest stop'],
    'other-max-ms': [2000, 'longest wait allowed through the other gateway'],
  },
  async run({ numbers, random, progress }) {
    await using place = await soakPlace(numbers);
    const { demo } = place;
    const otherMax = numbers['other-max-ms']!;
    const rounds = await sigstopRounds({
      demo,
      random,
      rounds: numbers['rounds']!,
      writers: numbers['writers']!,
      pauseMinMs: numbers['pause-min-ms']!,
      pauseMaxMs: numbers['pause-max-ms']!,
      onRound: (round) => progress({ ...round }),
    });
    const otherMs = distribution(rounds.map((round) => round.otherWorstMs));
    const over = rounds.filter((round) => round.otherWorstMs > otherMax).length;
    if (over > 0) throw new Error(`${over} waits over ${otherMax} ms, the longest ${otherMs.max}`);
    const { acknowledged, retried } = rounds.at(-1)!;
    const ended = rounds.filter((round) => round.ended).length;
    const failoverMs = distribution(rounds.map((round) => round.failoverWorstMs));
    return { rounds: rounds.length, ended, acknowledged, retried, lost: 0, otherMs, failoverMs };
  },
});
