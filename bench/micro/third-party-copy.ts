// What EXTENDED COPY costs beside the same copy by READ and WRITE of its initiator, in turns on one
// gateway: `node bench/micro/third-party-copy.ts [ROUNDS] [FOLDER | rbd]`, on the embedded store in
// that folder, or on a throwaway Ceph of memstore. CPU is the gateway's, in ms for 256 MiB.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { read16, write16 } from '../../test/initiator/cdb.ts';
import { Initiator } from '../../test/initiator/initiator.ts';
import type { ScsiRequest } from '../../test/initiator/scsi-exchange.ts';
import { copyList, extendedCopy } from '../../test/support/copy-lists.ts';
import { Demo, demoTargetName } from '../../test/support/demo.ts';
import { cpuUs } from '../process-figures.ts';

const BLOCK_BYTES = 512;
const SEGMENT_BYTES = 4 * 2 ** 20;
const SEGMENTS = 64;
const TRANSFER_BYTES = 2 ** 20;
const DEPTH = 8;
const rounds = Number(process.argv[2] ?? 5);
const place = process.argv[3] ?? tmpdir();
const isOnCeph = place === 'rbd';
const folder = await mkdtemp(join(isOnCeph ? tmpdir() : place, 'allpath-copy-'));
const ceph = isOnCeph ? await ThrowawayCeph.start({ backend: 'memstore' }) : undefined;
if (ceph !== undefined) await createPool(ceph, 'rbd');
const store =
  ceph === undefined
    ? { store: join(folder, 'store') }
    : { ceph: { conf: ceph.conf, pool: 'rbd' } };
const demo = await Demo.start({ ...store, gateways: 1, size: '1G' });
try {
  const initiator = await Initiator.connect({ ...demo.address(0), targetName: demoTargetName });
  const pid = demo.starts.at(-1)!.pid;
  const half = (SEGMENTS * SEGMENT_BYTES) / BLOCK_BYTES;
  const bytes = Buffer.alloc(TRANSFER_BYTES, 7);
  const step = TRANSFER_BYTES / BLOCK_BYTES;
  for (let lba = 0; lba < half; lba += step) {
    await good(initiator, { cdb: write16(lba, step), dataOut: bytes });
  }
  console.log('              seconds  gateway CPU ms');
  for (let round = 0; round < rounds; round++) {
    await measured('EXTENDED COPY', pid, () => byCopy(initiator, half));
    await measured('READ, WRITE', pid, () => byTransfer(initiator, half, step));
  }
  await initiator.logout();
} finally {
  await demo.stop();
  await ceph?.stop();
  await rm(folder, { recursive: true, force: true });
}

async function byCopy(initiator: Initiator, half: number): Promise<void> {
  const blocks = SEGMENT_BYTES / BLOCK_BYTES;
  const segments = Array.from({ length: SEGMENTS }, (_, i) => ({
    source: 0xffff,
    destination: 0xffff,
    sourceLba: i * blocks,
    destinationLba: half + i * blocks,
    blocks,
  }));
  const dataOut = Buffer.from(copyList({ units: [], segments }));
  await good(initiator, { cdb: Uint8Array.from(extendedCopy(dataOut.length)), dataOut });
}

async function byTransfer(initiator: Initiator, half: number, step: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < half) {
      const lba = next;
      next += step;
      const read = { cdb: read16(lba, step), dataInLength: TRANSFER_BYTES };
      const { dataIn } = await good(initiator, read);
      await good(initiator, { cdb: write16(half + lba, step), dataOut: dataIn });
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, worker));
}

async function good(initiator: Initiator, request: ScsiRequest) {
  for (;;) {
    const result = await initiator.execute(request);
    if (result.status === 0) return result;
    const isAttention = (result.sense[2] ?? 0) % 16 === 6;
    if (!isAttention) throw new Error(`status ${result.status} ${result.sense.toString('hex')}`);
  }
}

async function measured(label: string, pid: number, work: () => Promise<void>): Promise<void> {
  const cpuBefore = cpuUs(pid);
  const startedMs = performance.now();
  await work();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(3);
  const cpuMs = ((cpuUs(pid) - cpuBefore) / 1000).toFixed(0);
  console.log(`${label.padEnd(14)} ${seconds.padStart(6)}  ${cpuMs.padStart(14)}`);
}
