// Sends hostile PDUs to a running gateway, by the million.

import { type FuzzKind, fuzzPdus } from '../../test/hostile/pdu-fuzz.ts';
import { Witness } from '../../test/hostile/witness.ts';
import { Demo, demoTargetName } from '../../test/support/demo.ts';
import { runSoak } from './soak-command.ts';

const KINDS: readonly FuzzKind[] = ['beforeLogin', 'loginText', 'afterLogin'];
const PROGRESS_INTERVAL_MS = 10_000;

await runSoak({
  name: 'fuzz',
  proves: [
    'A gateway survives hostile PDUs before, during and after login: it answers only what RFC 7143',
    'allows, hangs nowhere, keeps its memory bounded, and serves others meanwhile.',
  ],
  numbers: {
    inputs: [1_000_000, 'hostile PDUs of each kind (before login, login text, after login)'],
    'worst-max-ms': [2000, 'longest wait allowed to an initiator that works meanwhile'],
    'growth-max-mib': [256, 'memory that the gateway may take'],
  },
  async run({ numbers, random, progress }) {
    await using demo = await Demo.start();
    const reports: Record<string, unknown> = {};
    for (const kind of KINDS) {
      const witness = await Witness.start(demo);
      let toldAt = performance.now();
      const report = await fuzzPdus({
        address: demo.address(0),
        targetName: demoTargetName,
        random,
        inputs: numbers['inputs']!,
        kind,
        onProgress: (inputs) => {
          if (performance.now() - toldAt < PROGRESS_INTERVAL_MS) return;
          toldAt = performance.now();
          progress({ kind, inputs, growthBytes: witness.rssGrowthBytes });
        },
      });
      const seen = await witness.finish();
      reports[kind] = { ...report, ...seen };
      const growthMib = seen.rssGrowthBytes / 1024 / 1024;
      if (seen.worstMs > numbers['worst-max-ms']! || growthMib > numbers['growth-max-mib']!) {
        throw new Error(`${kind}: over a bound: ${JSON.stringify(reports[kind])}`);
      }
    }
    return reports;
  },
});
