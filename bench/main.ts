// `npm run bench -- tgt` compares Allpath with tgt, `rbd` with tgt-rbd and raw librbd, `caw` its
// COMPARE AND WRITE with librbd's, `depth` deep queues with one of 32, and `trees` this tree with
// another; `memory` measures its memory, and `event` how long changes of a logical unit take.

import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { compareCaw } from './caw-comparison.ts';
import { conditions } from './conditions.ts';
import { measureDeepQueues } from './deep-queues.ts';
import { measureEvents } from './event-latency.ts';
import { measureMemory } from './memory.ts';
import { compareOnRbd } from './rbd-comparison.ts';
import {
  cawTable,
  comparisonTable,
  depthTable,
  eventTable,
  memoryTable,
  rbdTable,
  treeTable,
} from './report.ts';
import { measureTargetResets } from './target-reset.ts';
import { compareWithTgt } from './tgt-comparison.ts';
import { compareTrees } from './tree-comparison.ts';

const usage = `usage: npm run bench -- tgt|rbd|caw|memory|depth|trees|event [options]
  --json           the figures as JSON
  --quick          tiny input: shows that it runs, measures nothing
  --size MIB       size of the disks (1024)
  --seconds S      about how long each measurement takes (2)
  --before DIR     trees: another checkout of the project, set up, to be measured in turns
  --on STORE       depth, trees, event: local or rbd (local)
  --rounds N       tgt, rbd, depth, trees: how often each row is measured, in turns (5)
  --fill KIB       tgt: length of the writes that fill the disks (4)
  --only TEXT      tgt, rbd, depth, trees, event: only rows whose label contains it (depth 32)
  --osds N         rbd, caw, depth, trees, event: OSDs of the throwaway Ceph (1)
  --backend NAME   rbd, caw, depth, trees, event: memstore (unless given) or bluestore
  --gateways LIST  event: how many gateways, one cluster after the other (2,4)
  --registrations N  event: of the disks that have some (1024)
  --minutes M      memory: watch the growth under load up to this minute (0: not)
  --folder DIR     where images and store are made (${tmpdir()})`;

const options = {
  help: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  size: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  before: { type: 'string' },
  on: { type: 'string', default: 'local' },
  only: { type: 'string' },
  fill: { type: 'string', default: '4' },
  osds: { type: 'string', default: '1' },
  backend: { type: 'string', default: 'memstore' },
  gateways: { type: 'string', default: '2,4' },
  registrations: { type: 'string', default: '1024' },
  minutes: { type: 'string', default: '0' },
  folder: { type: 'string', default: tmpdir() },
} as const;

process.exit(await main());

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options,
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const sizeMiB = Number(values.size ?? (values.quick ? 32 : 1024));
  const seconds = Number(values.seconds ?? (values.quick ? 0.05 : 2));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  const minutes = Number(values.minutes);
  const fillBytes = Number(values.fill) * 1024;
  if (!(sizeMiB >= 16 && seconds > 0 && rounds >= 1 && minutes >= 0 && fillBytes >= 512)) {
    console.error(usage);
    return 2;
  }
  const common = {
    folder: values.folder,
    sizeBytes: sizeMiB * 1024 ** 2,
    fillBytes,
    seconds,
    progress: (text: string) => process.stderr.write(`${text}\n`),
  };
  const where = await conditions(values.folder);
  const print = (results: unknown, text: string) => {
    const places = Object.entries(where).map(([name, value]) => `${name}: ${value}`);
    const json = () => JSON.stringify({ conditions: where, results }, undefined, 2);
    console.log(values.json ? json() : `${places.join('\n')}\n\n${text}`);
  };
  const only = values.only === undefined ? {} : { only: values.only };
  const { backend, on } = values;
  const osds = Number(values.osds);
  const isPlace = (on === 'local' || on === 'rbd') && osds >= 1;
  if ((backend !== 'memstore' && backend !== 'bluestore') || !isPlace) {
    console.error(usage);
    return 2;
  }
  if (positionals[0] === 'caw') {
    const result = await compareCaw({ ...common, osds, backend });
    print(result, cawTable(result));
  } else if (positionals[0] === 'rbd') {
    const results = await compareOnRbd({ ...common, ...only, rounds, osds, backend });
    print(results, rbdTable(results));
  } else if (positionals[0] === 'tgt') {
    const results = await compareWithTgt({ ...common, ...only, rounds });
    print(results, comparisonTable(results));
  } else if (positionals[0] === 'trees') {
    const { before } = values;
    if (before === undefined) {
      console.error(usage);
      return 2;
    }
    const results = await compareTrees({ ...common, ...only, rounds, osds, backend, before, on });
    print(results, treeTable(results));
  } else if (positionals[0] === 'depth') {
    const results = await measureDeepQueues({ ...common, ...only, rounds, osds, backend, on });
    print(results, depthTable(results));
  } else if (positionals[0] === 'event') {
    const gateways = values.gateways.split(',').map(Number);
    const registrations = Number(values.registrations);
    const counts = { gateways, registrations };
    const results = await measureEvents({ ...common, ...only, ...counts, osds, backend, on });
    if (on === 'local') {
      const units = values.quick ? 8 : 256;
      results.push(...(await measureTargetResets({ ...common, ...only, gateways, units })));
    }
    print(results, eventTable(results));
  } else if (positionals[0] === 'memory') {
    const result = await measureMemory({ ...common, minutes });
    print(result, memoryTable(result));
  } else {
    console.error(usage);
    return 2;
  }
  return 0;
}
