// A condensed day: everything that happens to a cluster in a day, within minutes.

import { day } from '../../test/fault/day.ts';
import { runSoak } from './soak-command.ts';

const MIB = 2 ** 20;

await runSoak({
  name: 'day',
  proves: [
    'While an OSD and the monitor are killed and started again, a gateway is killed, another is',
    'fenced and an image grows, all under load through two gateways, no byte is lost; afterwards',
    'no memory, handle, thread or watch is held that was not before, and no more is on the',
    'blocklist than the client instances of the fenced. Needs Ceph.',
  ],
  numbers: {
    minutes: [15, 'length of the day'],
    images: [20, 'disks of one target'],
    initiators: [4, 'initiators, each writing to all disks'],
    'think-ms': [40, 'between a status and the next write of an initiator to a disk'],
    'growth-max-mib': [24, 'memory that a gateway may hold more at the end'],
    'handles-max': [4, 'handles, and threads, that it may hold more'],
  },
  async run({ numbers, progress }) {
    const report = await day({
      minutes: numbers['minutes']!,
      images: numbers['images']!,
      initiators: numbers['initiators']!,
      thinkMs: numbers['think-ms']!,
      onProgress: (what) => progress(what),
    });
    const problems: string[] = [];
    for (const { name, early, late } of report.gateways) {
      const grownMib = (late.residentBytes - early.residentBytes) / MIB;
      if (grownMib > numbers['growth-max-mib']!) problems.push(`${name}: ${grownMib} MiB more`);
      for (const kind of ['handles', 'threads'] as const) {
        const more = late[kind] - early[kind];
        if (more > numbers['handles-max']!) problems.push(`${name}: ${more} ${kind} more`);
      }
    }
    const { watchesEarly, watchesLate, blocklisted, instancesFenced } = report;
    for (const kind of ['headers', 'channels'] as const) {
      if (watchesLate[kind] <= watchesEarly[kind]) continue;
      problems.push(`${watchesLate[kind]} watches on ${kind}, ${watchesEarly[kind]} before`);
    }
    if (blocklisted > instancesFenced) problems.push(`${blocklisted} entries on the blocklist`);
    if (problems.length > 0) throw new Error(`${problems.join('; ')}: ${JSON.stringify(report)}`);
    return { ...report };
  },
});
