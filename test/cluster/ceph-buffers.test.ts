// With Ceph loaded, memory for one transfer of an initiator comes from the heap again and again: no
// page of it is mapped, faulted in, zeroed and unmapped each time, whatever the allocator was told
// at the start of the process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../support/run.ts';

const TURNS = 2000;
/** A transfer of 256 KiB and what Ceph puts around it. */
const TRANSFER_BYTES = 280 * 1024;
/** The command also runs JavaScript of this process, which causes page faults of its own. */
const FAULTS_MAX = TURNS / 2;

test('memory for a transfer is taken from the heap', async () => {
  const native = fileURLToPath(new URL('../../src/ceph/ceph-native.ts', import.meta.url));
  const script = `
    import koffi from 'koffi';
    import { cephNative } from ${JSON.stringify(native)};
    cephNative();
    const library = koffi.load(null);
    const take = library.func('malloc', 'uintptr_t', ['size_t']);
    const give = library.func('free', 'void', ['uintptr_t']);
    const fill = library.func('memset', 'uintptr_t', ['uintptr_t', 'int', 'size_t']);
    const turn = () => {
      const memory = take(${TRANSFER_BYTES});
      fill(memory, 1, ${TRANSFER_BYTES});
      give(memory);
    };
    for (let i = 0; i < 200; i++) turn();
    const before = process.resourceUsage().minorPageFault;
    for (let i = 0; i < ${TURNS}; i++) turn();
    console.log(process.resourceUsage().minorPageFault - before);
  `;
  const settings = ['MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=131072'];
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const faults = Number(await mustRun('env', [...settings, ...node]));
  assert.ok(faults < FAULTS_MAX, `${faults} page faults of ${TURNS} transfers`);
});
