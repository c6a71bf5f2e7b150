// The cost of the addon for Ceph compared with raw librbd, in turns on one throwaway cluster of
// memstore OSDs: `node bench/micro/rbd-image.ts [SECONDS] [SETTING=VALUE...]`. `own` is this
// process through RbdImage, `qemu` is `qemu-img bench rbd:`; CPU is the client's, in microseconds
// per operation.

import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { RadosClient } from '../../src/ceph/rados-client.ts';
import { RbdImage } from '../../src/ceph/rbd-image.ts';
import { RbdImages } from '../../src/ceph/rbd-images.ts';
import { measuredRun } from '../client/measured-run.ts';

const kiB = 1024;
const imageBytes = 256 * 2 ** 20;
const rounds = 3;
const seconds = Number(process.argv[2] ?? 2);
const settings = Object.fromEntries(process.argv.slice(3).map((one) => one.split('=', 2)));

interface Row {
  readonly direction: 'read' | 'write';
  readonly blockBytes: number;
  readonly depth: number;
}

const rows: readonly Row[] = [
  { direction: 'read', blockBytes: 4 * kiB, depth: 1 },
  { direction: 'write', blockBytes: 4 * kiB, depth: 1 },
  { direction: 'read', blockBytes: 4 * kiB, depth: 32 },
  { direction: 'write', blockBytes: 4 * kiB, depth: 32 },
  { direction: 'read', blockBytes: 4 * kiB, depth: 128 },
  { direction: 'write', blockBytes: 4 * kiB, depth: 128 },
  { direction: 'read', blockBytes: 256 * kiB, depth: 16 },
  { direction: 'write', blockBytes: 256 * kiB, depth: 16 },
];

interface Figures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

await using ceph = await ThrowawayCeph.start({ backend: 'memstore' });
await createPool(ceph, 'rbd');
const keyring = ceph.keyring();
const client = await RadosClient.connect({ conf: ceph.conf, user: 'admin', keyring, settings });
const pool = await client.openPool('rbd');
await new RbdImages(pool).create('bench', imageBytes);
const image = await RbdImage.open(pool, 'bench');
const chunk = [new Uint8Array(4 * 2 ** 20).fill(1)];
for (let at = 0; at < imageBytes; at += chunk[0]!.length) await image.write(at, chunk);

say(`${' '.repeat(18)}      own ops/s     cpu us    qemu ops/s     cpu us`);
for (const row of rows) {
  const own: Figures[] = [];
  const qemu: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(await ownLoad(row));
    qemu.push(await qemuLoad(row, Math.ceil(own.at(-1)!.perSecond * seconds)));
  }
  const label = `${row.blockBytes / kiB} KiB ${row.direction} d${row.depth}`;
  say(`${label.padEnd(18)} ${figures(own)} ${figures(qemu)}`);
}
await image.close();
pool.close();
await client.close();

/** The most operations and the least CPU of all rounds, because others share the machine. */
function figures(all: readonly Figures[]): string {
  const perSecond = Math.max(...all.map((one) => one.perSecond));
  const cpuUs = Math.min(...all.map((one) => one.cpuUs));
  return `${String(Math.round(perSecond)).padStart(13)} ${cpuUs.toFixed(1).padStart(10)}`;
}

async function ownLoad({ direction, blockBytes, depth }: Row): Promise<Figures> {
  const blocks = imageBytes / blockBytes;
  let next = 0;
  let done = 0;
  const endMs = performance.now() + seconds * 1000;
  const lane = async (): Promise<void> => {
    const buffer = [new Uint8Array(blockBytes).fill(7)];
    while (performance.now() < endMs) {
      // The step of qemu-img: each operation in another object.
      const offset = ((next++ * 1025) % blocks) * blockBytes;
      const result = await (direction === 'read'
        ? image.read(offset, buffer)
        : image.write(offset, buffer));
      if (result < 0) throw new Error(`${direction} ended with ${result}`);
      done++;
    }
  };
  const before = process.cpuUsage();
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: depth }, lane));
  const tookS = (performance.now() - beganMs) / 1000;
  const cpu = process.cpuUsage(before);
  return { perSecond: done / tookS, cpuUs: (cpu.user + cpu.system) / done };
}

async function qemuLoad(row: Row, count: number): Promise<Figures> {
  const { direction, blockBytes, depth } = row;
  const args = ['bench', '-f', 'raw', '-t', 'none', '-c', String(count), '-d', String(depth)];
  args.push('-s', String(blockBytes), '-S', String(1025 * blockBytes));
  if (direction === 'write') args.push('-w');
  args.push(`rbd:rbd/bench:conf=${ceph.conf}:id=admin:rbd_cache=false`);
  const { stdout, cpuUs } = await measuredRun('qemu-img', args);
  const tookS = Number(/in ([\d.]+) seconds/.exec(stdout)?.[1]);
  return { perSecond: count / tookS, cpuUs: cpuUs / count };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
