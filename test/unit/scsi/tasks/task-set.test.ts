// Proves the ordering of task attributes against a plain model in the words of SAM: random
// arrivals and ends, and after each what is enabled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import type { TaskAttribute } from '../../../../src/scsi/task.ts';
import { ScsiBench, type TestTask } from '../../../support/scsi-bench.ts';

const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
interface Modelled {
  readonly attribute: TaskAttribute;
  readonly task: TestTask;
  enabled: boolean;
}

/** Enables what SAM lets start, one after another, oldest first. */
function enable(set: readonly Modelled[]): void {
  for (const [i, item] of set.entries()) {
    const older = set.slice(0, i);
    const headOfQueue = set.some(({ attribute }) => attribute === 'headOfQueue');
    const mayStart =
      item.attribute === 'headOfQueue' ||
      (!headOfQueue &&
        (item.attribute === 'simple'
          ? older.every(({ attribute }) => attribute !== 'ordered')
          : older.length === 0));
    if (mayStart) item.enabled = true;
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ arrive: fc.constantFrom<TaskAttribute>('simple', 'ordered', 'headOfQueue') }),
    fc.record({ end: fc.nat(10) }),
  ),
  { maxLength: 30 },
);

test('what is enabled is what SAM enables', async () => {
  const bench = await ScsiBench.open();
  fc.assert(
    fc.property(steps, (script) => {
      let set: Modelled[] = [];
      for (const step of script) {
        if ('arrive' in step) {
          const attribute = step.arrive;
          const data = new Uint8Array(512);
          const task = bench.send(WRITE, { data, immediate: false, attribute });
          set.push({ attribute, task, enabled: false });
        } else {
          const enabled = set.filter((item) => item.enabled);
          const result = enabled[step.end % Math.max(enabled.length, 1)];
          result?.task.deliver();
          set = set.filter((item) => item !== result);
        }
        enable(set);
        assert.deepEqual(
          set.map(({ task }) => task.state),
          set.map((item) => (item.enabled ? 'awaitingData' : 'dormant')),
        );
      }
      while (set.length > 0) {
        const next = set.find((item) => item.enabled);
        assert.ok(next !== undefined, 'something can always go on');
        next.task.deliver();
        set = set.filter((item) => item !== next);
        enable(set);
      }
      assert.equal(bench.nexus.outstanding, 0);
    }),
  );
});
