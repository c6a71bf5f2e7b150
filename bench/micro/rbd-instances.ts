// How many client instances the volumes of a gateway should share: eight volumes under load over 1,
// 2, 4 and 8 of them, in turns on one throwaway cluster of a memstore OSD:
// `node bench/micro/rbd-instances.ts [SECONDS]`. CPU is this process's, in microseconds per
// operation; RSS is that at the end of each run.

import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { silentLog } from '../../src/log/log.ts';
import { RbdVolumeStore } from '../../src/volume/rbd/rbd-volume-store.ts';
import type { Volume } from '../../src/volume/volume.ts';

const kiB = 1024;
const volumeBytes = 32 * 2 ** 20;
const volumeCount = 8;
const depthOfVolume = 8;
const rounds = 3;
const seconds = Number(process.argv[2] ?? 1);
const counts = [1, 2, 4, 8];
const rows = [
  { write: false, blockBytes: 4 * kiB },
  { write: true, blockBytes: 4 * kiB },
  { write: false, blockBytes: 256 * kiB },
  { write: true, blockBytes: 256 * kiB },
];

interface Figures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

await using ceph = await ThrowawayCeph.start({ backend: 'memstore' });
await createPool(ceph, 'rbd');
const names = Array.from({ length: volumeCount }, (_, index) => `volume-${index}`);
const found = new Map<string, Figures[]>();
const rss = new Map<number, number>();
for (let round = 0; round < rounds; round++) {
  for (const instances of counts) await measure(instances, round === 0);
}
const heads = counts.map((count) => `${count} instances`.padStart(24)).join('');
console.log(`${' '.repeat(16)}${heads}`);
for (const row of rows) {
  const cells = counts.map((count) => cell(found.get(keyOf(row, count))!)).join('');
  console.log(
    `${`${row.blockBytes / kiB} KiB ${row.write ? 'write' : 'read'}`.padEnd(16)}${cells}`,
  );
}
const memory = counts.map((count) => `${rss.get(count)} MiB`.padStart(24)).join('');
console.log(`${'RSS'.padEnd(16)}${memory}`);

async function measure(instances: number, isFirst: boolean): Promise<void> {
  const store = new RbdVolumeStore({
    connect: () => RadosClient.connect({ conf: ceph.conf, user: 'admin' }),
    guard: { register: async () => {}, fenceInstance: async () => {}, unregister: async () => {} },
    pool: 'rbd',
    instances,
    clock: systemClock,
    log: silentLog,
  });
  if (isFirst && instances === counts[0]) {
    for (const name of names) await store.create(name, volumeBytes);
  }
  const volumes = await Promise.all(names.map((name) => store.open(name)));
  const whole = [new Uint8Array(volumeBytes).fill(1)];
  if (isFirst) for (const volume of volumes) await volume.write(0, whole);
  for (const row of rows) {
    const figures = await load(volumes, row);
    found.set(keyOf(row, instances), [...(found.get(keyOf(row, instances)) ?? []), figures]);
  }
  rss.set(instances, Math.round(process.memoryUsage.rss() / 2 ** 20));
  await store.close();
}

async function load(volumes: readonly Volume[], { write, blockBytes }: (typeof rows)[number]) {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let done = 0;
  const lane = async (volume: Volume, index: number): Promise<void> => {
    const buffer = [new Uint8Array(blockBytes).fill(7)];
    const blocks = volumeBytes / blockBytes;
    for (let next = index; performance.now() < startMs + seconds * 1000; next += 1025) {
      const at = (next % blocks) * blockBytes;
      const { status } = await (write ? volume.write(at, buffer) : volume.read(at, buffer));
      if (status !== 'done') throw new Error(status);
      done++;
    }
  };
  const lanes = volumes.flatMap((volume) =>
    Array.from({ length: depthOfVolume }, (_, index) => lane(volume, index * 131)),
  );
  await Promise.all(lanes);
  const { user, system } = process.cpuUsage(cpuBefore);
  const elapsedS = (performance.now() - startMs) / 1000;
  return { perSecond: done / elapsedS, cpuUs: (user + system) / done };
}

function keyOf({ write, blockBytes }: (typeof rows)[number], instances: number): string {
  return `${instances} ${blockBytes} ${write}`;
}

/** The most operations and the least CPU of all rounds, because others share the machine. */
function cell(all: readonly Figures[]): string {
  const perSecond = Math.round(Math.max(...all.map((one) => one.perSecond)));
  const cpuUs = Math.min(...all.map((one) => one.cpuUs)).toFixed(1);
  return `${perSecond}/s ${cpuUs} us`.padStart(24);
}
