// Many initiators at one block, while gateways are killed and commands are aborted.

import { blockClients } from '../../test/fault/block-clients.ts';
import { runSoak } from './soak-command.ts';
import { placeNumbers, soakPlace } from './soak-place.ts';

const ANSWER_MAX_MS = 8_000;

await runSoak({
  name: 'block',
  proves: [
    'One block is linearizable: what clients through all gateways read, and compare and write, is',
    'what one copy of it could have shown, with LOGICAL UNIT RESET, ABORT TASK and kills between.',
  ],
  numbers: {
    ...placeNumbers,
    gateways: [4, 'gateway processes'],
    minutes: [10, 'length of the run'],
    clients: [16, 'initiators, spread over the gateways'],
    'reset-every-ms': [200, 'pause between two resets (0: none)'],
    'kill-every-ms': [10_000, 'pause between two kills (0: none)'],
    aborts: [1, '1: some commands are aborted, 0: none'],
  },
  async run({ numbers, random, progress }) {
    await using place = await soakPlace(numbers);
    let toldMs = performance.now();
    const summary = await blockClients({
      demo: place.demo,
      random,
      seconds: 60 * numbers['minutes']!,
      clients: numbers['clients']!,
      resetEveryMs: numbers['reset-every-ms']!,
      killEveryMs: numbers['kill-every-ms']!,
      aborts: numbers['aborts'] !== 0,
      onProgress: (now) => {
        if (performance.now() - toldMs < 10_000) return;
        toldMs = performance.now();
        progress({ ...now });
      },
    });
    if (summary.worstMs > ANSWER_MAX_MS) throw new Error(`late: ${JSON.stringify(summary)}`);
    return { ...summary };
  },
});
