// Proves with QEMU's initiator that what is written through one gateway is what the other reads:
// a whole file system, and patterns of all sizes, unaligned and at the end of the disk. (On RBD:
// test/cluster.) And that it goes on without an error when it is told, by unit attentions, that the
// port group of another gateway came or went.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { waitFor } from '../support/wait-for.ts';
import { copyFileSystem, FILE_SYSTEM_SIZE_MIB } from './file-system-copy.ts';
import { DEEP_QUEUES_SIZE_MIB, runDeepQueues } from './qemu-depths.ts';
import { backgroundWrites, KIB, MIB, qemuIo } from './qemu-io.ts';
import { exchangePatterns, PATTERNS_SIZE_MIB } from './qemu-patterns.ts';

/** Long enough for a gateway to be killed and started again some times. */
const PASSES = 6;

test('a file system written through gateway 0 is read through gateway 1', async () => {
  await using demo = await Demo.start({ gateways: 2, size: `${FILE_SYSTEM_SIZE_MIB}M` });
  await copyFileSystem(demo);
});

for (const blocks of [512, 4096] as const) {
  test(`patterns of 4 KiB to 16 MiB through both gateways, ${blocks} byte blocks`, async () => {
    await using demo = await Demo.start({ gateways: 2, size: `${PATTERNS_SIZE_MIB}M`, blocks });
    await exchangePatterns(demo, blocks);
  });
}

test('256 reads and writes of 1 MiB at a time all succeed', async () => {
  await using demo = await Demo.start({ gateways: 1, size: `${DEEP_QUEUES_SIZE_MIB}M` });
  await runDeepQueues(demo.url(0));
});

test('port groups that come and go meanwhile disturb nobody', async (t) => {
  await using demo = await Demo.start({ gateways: 2, size: '64M' });
  const passes = Array.from({ length: PASSES }, () => backgroundWrites(64 * MIB)).flat();
  let isRunning = true;
  const running = qemuIo(demo.url(0), passes).finally(() => {
    isRunning = false;
  });
  running.catch(() => {});
  let kills = 0;
  while (isRunning) {
    const { length } = demo.starts;
    if (demo.signal(demo.processOf(1), 'SIGKILL')) kills += 1;
    await waitFor('it is back', () => demo.starts.length > length || !isRunning);
  }
  await running;
  t.diagnostic(`${kills} times away and back`);
  assert.ok(kills > 1);
});

test('a pattern that differs is noticed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'allpath-qemu-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, new Uint8Array(8 * KIB));
    await assert.rejects(qemuIo(file, ['read -P 1 0 4096']), /Pattern verification failed/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
