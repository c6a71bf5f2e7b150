// Proves that the index of tags finds what a plain map finds, whatever tags share a bucket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { ScsiBench, type TestTask } from '../../../support/scsi-bench.ts';

const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const OVERLAPPED = 'b/4e00';
/** Few distinct tags, of which many share a bucket; also those that do not fit 31 bits. */
const tags = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.constantFrom(0x100, 0x8000_0000, 0xffff_fffe, 0x0100_0000, 0x0200_0000),
  fc.integer({ min: 1, max: 600 }).map((k) => (k << 8) >>> 0),
);
const steps = fc.array(fc.record({ tag: tags, end: fc.boolean(), which: fc.nat(50) }), {
  maxLength: 60,
});

test('a tag is in use from the arrival of its command to its end, in any order of ends', async () => {
  const bench = await ScsiBench.open({ taskSetDepthMax: 1024 });
  fc.assert(
    fc.property(steps, (script) => {
      const live = new Map<number, TestTask>();
      for (const { tag, end, which } of script) {
        const tasks = [...live.values()];
        const chosen = end ? tasks[which % Math.max(tasks.length, 1)] : undefined;
        if (chosen !== undefined) {
          chosen.deliver();
          live.delete(chosen.tag);
        }
        if (live.has(tag)) continue;
        const task = bench.send(WRITE, { data: new Uint8Array(512), immediate: false, tag });
        assert.deepEqual(task.ends, []);
        live.set(tag, task);
      }
      for (const task of live.values()) task.deliver();
      for (const task of live.values()) assert.deepEqual(task.ends, [0]);
      assert.equal(bench.nexus.outstanding, 0);
    }),
  );
  for (const tag of [0, 0x100, 0x8000_0000, 0xffff_fffe]) {
    bench.send(WRITE, { data: new Uint8Array(512), immediate: false, tag });
    const second = await bench.perform(WRITE, { data: new Uint8Array(512), tag });
    assert.equal(second.condition, OVERLAPPED, `${tag}`);
  }
});
