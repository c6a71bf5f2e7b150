// How long a COMPARE AND WRITE of one 512-byte block takes at depth 1: through a gateway on RBD,
// beside librbd's own in one client, in turns. `node bench/micro/compare-and-write-rbd.ts [COUNT]
// [memstore|bluestore]`. TEST UNIT READY shows what the initiator and the way to it take.

import { RadosClient } from '../../src/ceph/rados-client.ts';
import { RbdImage } from '../../src/ceph/rbd-image.ts';
import { ThrowawayCeph } from '../../src/ceph/throwaway/throwaway-ceph.ts';
import { createPool } from '../../src/ceph/throwaway/throwaway-pools.ts';
import { compareAndWrite, testUnitReady } from '../../test/initiator/cdb.ts';
import { Initiator } from '../../test/initiator/initiator.ts';
import { Demo, demoTargetName } from '../../test/support/demo.ts';

const blockBytes = 512;
const pool = 'bench';
const rounds = 5;
const count = Number(process.argv[2] ?? 1000);
const backend = process.argv[3] === 'bluestore' ? 'bluestore' : 'memstore';

await using ceph = await ThrowawayCeph.start({ backend });
await createPool(ceph, pool);
await using demo = await Demo.start({ gateways: 1, ceph: { conf: ceph.conf, pool } });
await ceph.rbd('create', '-p', pool, '--size', '64', '--image-feature', 'layering', 'raw');

const client = await RadosClient.connect({ conf: ceph.conf, user: 'admin' });
const ioctx = await client.openPool(pool);
const image = await RbdImage.open(ioctx, 'raw');
const initiator = await Initiator.connect({
  ...demo.address(0),
  initiatorName: 'iqn.2026-11.io.allpath:bench',
  targetName: demoTargetName,
});

/** A block that names its number: each call compares with the one before. */
function block(number: number): Buffer {
  return Buffer.alloc(blockBytes, String(number).padStart(8, '0'));
}

async function viaLibrbd(number: number): Promise<void> {
  const { errno } = await image.compareAndWrite(0, block(number), block(number + 1));
  if (errno !== 0) throw new Error(`rbd_aio_compare_and_write: errno ${errno}`);
}

async function viaGateway(number: number): Promise<void> {
  const dataOut = Buffer.concat([block(number), block(number + 1)]);
  await must({ cdb: compareAndWrite(0, 1), dataOut });
}

async function must(request: Parameters<Initiator['execute']>[0]): Promise<void> {
  const { status, sense } = await initiator.execute(request);
  if (status !== 0) throw new Error(`status ${status}, sense ${sense.toString('hex')}`);
}

/** Takes the unit attentions of the fresh session. */
async function settle(): Promise<void> {
  for (let tried = 0; tried < 10; tried++) {
    if ((await initiator.execute({ cdb: testUnitReady() })).status === 0) return;
  }
  throw new Error('the logical unit does not become ready');
}

const subjects = [
  { name: 'librbd', call: viaLibrbd, times: [] as number[], next: 0 },
  { name: 'allpath', call: viaGateway, times: [] as number[], next: 0 },
  {
    name: 'TEST UNIT READY',
    call: () => must({ cdb: testUnitReady() }),
    times: [] as number[],
    next: 0,
  },
];

await settle();
// Both blocks hold what the first call compares with.
if ((await image.write(0, [block(0)])) !== 0) throw new Error('the image takes no write');
await must({ cdb: Buffer.from('2a000000000000000100', 'hex'), dataOut: block(0) });

for (let round = 0; round < rounds; round++) {
  for (const subject of subjects) {
    process.stderr.write(`round ${round + 1} of ${rounds}, ${subject.name}\n`);
    for (let i = 0; i < count; i++) {
      const startedMs = performance.now();
      await subject.call(subject.next++);
      subject.times.push((performance.now() - startedMs) * 1000);
    }
  }
}

const quantile = (times: readonly number[], share: number) =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;
const [raw, own] = subjects.map(({ times }) => quantile(times, 0.5));
console.log(`${backend}, ${rounds} x ${count} calls of each, microseconds`);
for (const { name, times } of subjects) {
  const [p50, p99] = [0.5, 0.99].map((share) => quantile(times, share).toFixed(0));
  console.log(`${name.padEnd(16)} p50 ${p50}  p99 ${p99}`);
}
console.log(`ratio of p50 ${((own ?? 0) / (raw ?? 1)).toFixed(2)} (at most 1.3)`);

await initiator.logout();
await image.close();
ioctx.close();
await client.close();
