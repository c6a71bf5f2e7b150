// Proves with QEMU's initiator on RBD that the other gateways read what is written through one
// gateway: a whole file system through two and through four gateways, and patterns of all
// sizes, unaligned and at the end of the disk, by 512 and 4096 byte blocks.

import { test } from 'node:test';
import { copyFileSystem, FILE_SYSTEM_SIZE_MIB } from '../conformance/file-system-copy.ts';
import { DEEP_QUEUES_SIZE_MIB, runDeepQueues } from '../conformance/qemu-depths.ts';
import { exchangePatterns, PATTERNS_SIZE_MIB } from '../conformance/qemu-patterns.ts';
import { demoAt } from '../support/demo-place.ts';

for (const [osds, gateways] of [
  [1, 2],
  [3, 4],
] as const) {
  test(`a file system through the first and last of ${gateways} gateways, ${osds} OSDs`, async () => {
    await using place = await demoAt(osds, { gateways, size: `${FILE_SYSTEM_SIZE_MIB}M` });
    await copyFileSystem(place.demo);
  });
}

for (const [blocks, gateways] of [
  [512, 4],
  [4096, 2],
] as const) {
  test(`patterns through ${gateways} gateways in turn, ${blocks} byte blocks`, async () => {
    const size = `${PATTERNS_SIZE_MIB}M`;
    await using place = await demoAt(1, { gateways, size, blocks }, 'memstore');
    await exchangePatterns(place.demo, blocks);
  });
}

test('256 reads and writes of 1 MiB at a time all succeed', async () => {
  const options = { gateways: 1, size: `${DEEP_QUEUES_SIZE_MIB}M` };
  await using place = await demoAt(1, options, 'memstore');
  await runDeepQueues(place.demo.url(0));
});
