// Opens very many connections that never send a complete Login Request, while real initiators work.

import { readFileSync } from 'node:fs';
import { SilentConnections } from '../../test/hostile/silent-connections.ts';
import { Witness } from '../../test/hostile/witness.ts';
import { Initiator } from '../../test/initiator/initiator.ts';
import { Demo, demoTargetName } from '../../test/support/demo.ts';
import { runSoak } from './soak-command.ts';

/** Descriptors of this process besides the connections. */
const DESCRIPTORS_BESIDE = 200;

await runSoak({
  name: 'connections',
  proves: [
    'Connections that never send a whole Login Request hold up neither the initiators that work',
    'nor one that logs in, and cost bounded memory. Needs a hard limit of open files (ulimit -Hn)',
    'over the number of connections, here and in the gateway.',
  ],
  numbers: {
    connections: [10_000, 'silent connections, opened one after the other'],
    initiators: [8, 'initiators that work meanwhile'],
    'hold-ms': [5000, 'time to look on after the last was opened'],
    'worst-max-ms': [2000, 'longest wait allowed to the initiators'],
    'growth-max-mib': [256, 'memory that the gateway may take'],
  },
  async run({ numbers, random, progress }) {
    const connections = numbers['connections']!;
    const limit = openFilesMax();
    if (limit < connections + DESCRIPTORS_BESIDE) {
      throw new Error(`ulimit -Hn is ${limit}: too few for ${connections} connections`);
    }
    await using demo = await Demo.start();
    const witness = await Witness.start(demo, 0, numbers['initiators']!);
    const silent = new SilentConnections(demo.address(0), demoTargetName, random);
    await silent.open(connections);
    progress({ openNow: silent.openNow, growthBytes: witness.rssGrowthBytes });
    const startedAt = performance.now();
    const late = await Initiator.connect({ ...demo.address(0), targetName: demoTargetName });
    const loginMs = performance.now() - startedAt;
    await late.logout();
    await new Promise((resolve) => setTimeout(resolve, numbers['hold-ms']!));
    const seen = await witness.finish();
    const report = { ...silent.stop(), loginMs, ...seen };
    const growthMib = seen.rssGrowthBytes / 1024 / 1024;
    if (seen.worstMs > numbers['worst-max-ms']! || growthMib > numbers['growth-max-mib']!) {
      throw new Error(`over a bound: ${JSON.stringify(report)}`);
    }
    return report;
  },
});

/** The hard limit; Node raises its own soft limit to it at start. */
function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === 'unlimited' ? Infinity : Number(hard);
}
